package io.github.resdensenet.transforms;

import java.util.ArrayList;
import java.util.List;

/**
 * The preprocessing that turns a decoded image into the input of the network.
 *
 * <p>Checkpoints store these values, so that evaluation and prediction preprocess images as training did.
 *
 * @param imageSize height and width of the network input in pixels
 * @param normalize channel statistics
 * @param upright whether to apply the EXIF orientation
 */
public record Preprocessing(int imageSize, Normalize normalize, boolean upright) {
    /** Creates a preprocessing that ignores the EXIF orientation. */
    public Preprocessing(int imageSize, Normalize normalize) {
        this(imageSize, normalize, false);
    }

    /** Returns the deterministic transforms for evaluation and prediction. */
    public Compose evaluation() {
        return new Compose(List.of(resize()), normalize);
    }

    /**
     * Returns the transforms for training: the deterministic ones plus random augmentation.
     *
     * @param horizontalFlip probability of a horizontal flip, 0 to 1; 0 omits the flip
     * @param brightness amount for {@link ColorJitter}, 0 or more
     * @param contrast amount for {@link ColorJitter}, 0 or more
     * @param saturation amount for {@link ColorJitter}, 0 or more
     */
    public Compose training(double horizontalFlip, double brightness, double contrast, double saturation) {
        List<Transform> steps = new ArrayList<>();
        steps.add(resize());
        if (horizontalFlip > 0) {
            steps.add(new RandomHorizontalFlip(horizontalFlip));
        }
        if (brightness > 0 || contrast > 0 || saturation > 0) {
            steps.add(new ColorJitter(brightness, contrast, saturation));
        }
        return new Compose(steps, normalize);
    }

    /** Returns the resize step to the input size of the network. */
    public Resize resize() {
        return new Resize(imageSize, imageSize);
    }
}
