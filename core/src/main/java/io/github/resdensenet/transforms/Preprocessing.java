package io.github.resdensenet.transforms;

import java.util.ArrayList;
import java.util.List;

/**
 * How a decoded picture becomes the network's input: what a checkpoint keeps, so that every later use is the same.
 *
 * @param imageSize height and width of the input in pixels
 * @param normalize channel statistics
 * @param upright whether pictures are turned as their EXIF orientation says
 */
public record Preprocessing(int imageSize, Normalize normalize, boolean upright) {
    /** Pictures as they are stored. */
    public Preprocessing(int imageSize, Normalize normalize) {
        this(imageSize, normalize, false);
    }

    /** The fixed steps, as used for evaluation and prediction. */
    public Compose evaluation() {
        return new Compose(List.of(resize()), new ToTensor(), normalize);
    }

    /** The fixed steps with random ones between; 0 leaves a step out. */
    public Compose training(double horizontalFlip, double brightness, double contrast, double saturation) {
        List<Transform> steps = new ArrayList<>();
        steps.add(resize());
        if (horizontalFlip > 0) {
            steps.add(new RandomHorizontalFlip(horizontalFlip));
        }
        if (brightness > 0 || contrast > 0 || saturation > 0) {
            steps.add(new ColorJitter(brightness, contrast, saturation));
        }
        return new Compose(steps, new ToTensor(), normalize);
    }

    /** The first step of both. */
    public Resize resize() {
        return new Resize(imageSize, imageSize);
    }
}
