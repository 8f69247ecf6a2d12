package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Crops the central square of an image. An image that is smaller than the square is padded with black.
 *
 * @param size height and width of the output in pixels, 1 or more
 */
record CenterCrop(int size) implements Transform {
    /**
     * Checks that the size is positive.
     *
     * @throws IllegalArgumentException if the size is below 1
     */
    public CenterCrop {
        Ranges.checkSize(size);
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image);
    }

    /** Returns the central square, or {@code image} itself if it already has the output size. */
    public RgbImage apply(RgbImage image) {
        return Crop.center(image, size);
    }

    @Override
    public String toString() {
        return "CenterCrop(size=(" + size + ", " + size + "))";
    }
}
