package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.KeyedRandom;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Test-time augmentation: the views of an image whose logits are averaged. */
public enum TestTimeAugmentation {
    /** One view: the network's input as usual. */
    NONE(1, false),
    /** Two views: the network's input and its mirror image. */
    FLIP(1, true),
    /**
     * Ten views, as torchvision's TenCrop: the four corners and the centre of the image, which is resized to 8/7 of the
     * network's input size (256 for 224), and the same five crops of its mirror image.
     */
    CROPS(5, true);

    private final int places;
    private final boolean mirrored;

    TestTimeAugmentation(int places, boolean mirrored) {
        this.places = places;
        this.mirrored = mirrored;
    }

    /** The number of views per image. */
    public int count() {
        return mirrored ? 2 * places : places;
    }

    /** Returns the preprocessing of {@link Preprocessing#input} whose result all views are made from. */
    public Preprocessing source(Preprocessing preprocessing) {
        return this == CROPS ? preprocessing.withImageSize(preprocessing.largerSize()) : preprocessing;
    }

    /**
     * Returns the transforms from the input of {@link #source} to a view.
     *
     * @param index number of the view, from 0 to below {@link #count}
     */
    public Compose view(int index, Preprocessing preprocessing) {
        int size = preprocessing.imageSize();
        Transform cut = (image, random) -> view(image, index, size);
        return new Compose(List.of(cut), size, preprocessing.normalize(), Optional.empty());
    }

    /** Returns the views of a decoded image of any size, before normalisation, each as large as the network's input. */
    public List<RgbImage> views(RgbImage image, Preprocessing preprocessing) {
        RgbImage source = source(preprocessing).input(image);
        return IntStream.range(0, count())
                .mapToObj(i -> view(i, preprocessing).apply(source, KeyedRandom.of(0)))
                .toList();
    }

    private RgbImage view(RgbImage source, int index, int size) {
        RgbImage side = index < places ? source : RandomHorizontalFlip.flip(source);
        int far = source.width() - size;
        return switch (index % places) {
            case 0 -> Crop.apply(side, 0, 0, size, size);
            case 1 -> Crop.apply(side, 0, far, size, size);
            case 2 -> Crop.apply(side, far, 0, size, size);
            case 3 -> Crop.apply(side, far, far, size, size);
            default -> Crop.center(side, size);
        };
    }

    /** The lower-case name, as in commands. */
    @Override
    public String toString() {
        return Choices.label(this);
    }
}
