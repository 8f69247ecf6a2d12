package io.github.resdensenet.transforms;

import io.github.resdensenet.util.KeyedRandom;
import java.util.Optional;

/**
 * Erases a random rectangle of the normalised image with a given probability, as torchvision's {@code RandomErasing}.
 *
 * <p>The area of the rectangle is 2 to 33 % of the image. Its height / width is 0.3 to 3.3. The values in the rectangle
 * become 0, which is the mean of ImageNet after normalisation.
 *
 * @param p probability of an erased rectangle, 0 to 1
 */
public record RandomErasing(double p) {
    private static final RandomBox BOX = new RandomBox(0.02, 0.33, 0.3, 3.3, 0, 1);

    /**
     * A rectangle in an image.
     *
     * @param top first row
     * @param left first column
     * @param height in pixels; 0 is an empty rectangle
     * @param width in pixels; 0 is an empty rectangle
     */
    public record Region(int top, int left, int height, int width) {}

    /**
     * Checks that the probability is 0 to 1.
     *
     * @throws IllegalArgumentException if the probability is not 0 to 1
     */
    public RandomErasing {
        Ranges.checkProbability("erasing", p);
    }

    /**
     * Draws the rectangle to erase in an image of the given size.
     *
     * @return the rectangle, or nothing if the image stays unchanged
     */
    public Optional<Region> sample(KeyedRandom random, int height, int width) {
        return random.nextDouble() < p ? BOX.sample(random, height, width) : Optional.empty();
    }

    @Override
    public String toString() {
        return "RandomErasing(p=" + p + ", scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)";
    }
}
