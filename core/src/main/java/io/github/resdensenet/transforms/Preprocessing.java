package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.KeyedRandom;
import java.util.List;
import java.util.Optional;

/**
 * The preprocessing that turns a decoded image into the input of the network.
 *
 * <p>Checkpoints store these values, so that evaluation and prediction preprocess images as training did.
 *
 * @param imageSize height and width of the network input in pixels
 * @param normalize channel statistics
 * @param upright whether to apply the EXIF orientation
 * @param resize how an image that is not square becomes square
 */
public record Preprocessing(int imageSize, Normalize normalize, boolean upright, ResizeMode resize) {
    /** The middle part of longer images is used in resize mode crop and for random crops. */
    public static final int MOST_ASPECT_RATIO = 16;

    /** How an image that is not square becomes square. */
    public enum ResizeMode {
        /** Resized to the square; the aspect ratio changes. */
        STRETCH,
        /** Resized so that the short side fits; the middle of the long side is kept. */
        CROP,
        /** Resized so that the long side fits; the rest is black. */
        PAD;

        @Override
        public String toString() {
            return Choices.label(this);
        }
    }

    /** Creates a preprocessing that ignores the EXIF orientation and stretches images. */
    public Preprocessing(int imageSize, Normalize normalize) {
        this(imageSize, normalize, false, ResizeMode.STRETCH);
    }

    /** Returns the same preprocessing for another size of the network input. */
    public Preprocessing withImageSize(int size) {
        return new Preprocessing(size, normalize, upright, resize);
    }

    /** Returns the deterministic transforms for evaluation and prediction. */
    public Compose evaluation() {
        return new Compose(steps(), imageSize, normalize, Optional.empty());
    }

    /** Returns the pixels of the network input, before normalisation. */
    public RgbImage input(RgbImage image) {
        return evaluation().apply(image, KeyedRandom.of(0));
    }

    /** A size from which crops of the network's input size are taken: 8/7 of it, rounded up (256 for 224). */
    int largerSize() {
        return (imageSize * 8 + 6) / 7;
    }

    /**
     * Returns the part of an image that random crops need: all of it, but with a short side of at most 8/7 of the network's
     * input (256 for 224), and at most {@value #MOST_ASPECT_RATIO} times as long as wide.
     */
    public RgbImage forCrops(RgbImage image) {
        RgbImage limited = new LimitAspectRatio(MOST_ASPECT_RATIO).apply(image, KeyedRandom.of(0));
        int most = largerSize();
        return Math.min(limited.width(), limited.height()) <= most ? limited : new ResizeShortSide(most).apply(limited);
    }

    /** The steps from an image of any size to the size of the network input. */
    List<Transform> steps() {
        return switch (resize) {
            case STRETCH -> List.of(new Resize(imageSize, imageSize));
            case CROP ->
                List.of(
                        new LimitAspectRatio(MOST_ASPECT_RATIO),
                        new ResizeShortSide(imageSize),
                        new CenterCrop(imageSize));
            case PAD -> List.of(new ResizeLongSide(imageSize), new PadToSquare());
        };
    }
}
