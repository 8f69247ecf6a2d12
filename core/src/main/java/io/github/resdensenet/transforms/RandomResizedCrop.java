package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Crops a random rectangle of an image and resizes the rectangle to a square.
 *
 * <p>The area of the rectangle is a uniform fraction of the image's area. Its aspect ratio is 3/4 to 4/3. If no
 * rectangle fits in 10 attempts, the central rectangle with the nearest allowed aspect ratio is used.
 *
 * @param size height and width of the output in pixels, 1 or more
 * @param minScale smallest area as a fraction of the image's area, more than 0 and at most 1; the largest is 1
 */
record RandomResizedCrop(int size, double minScale) implements Transform {
    private static final double MIN_RATIO = 3.0 / 4;
    private static final double MAX_RATIO = 4.0 / 3;

    /**
     * Checks the size and the smallest area.
     *
     * @throws IllegalArgumentException if the size is below 1, or the area is not more than 0 and at most 1
     */
    public RandomResizedCrop {
        Ranges.checkSize(size);
        if (!(minScale > 0 && minScale <= 1)) {
            throw new IllegalArgumentException("augment.cropScale must be more than 0 and at most 1, got " + minScale);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random, image.height(), image.width()));
    }

    /** Draws the rectangle to crop from an image of the given size. */
    public RandomErasing.Region sample(KeyedRandom random, int height, int width) {
        return new RandomBox(minScale, 1, MIN_RATIO, MAX_RATIO, 1, 0)
                .sample(random, height, width)
                .orElseGet(() -> central(height, width));
    }

    private static RandomErasing.Region central(int height, int width) {
        double ratio = (double) width / height;
        int h = ratio < MIN_RATIO ? (int) Math.rint(width / MIN_RATIO) : height;
        int w = ratio > MAX_RATIO ? (int) Math.rint(height * MAX_RATIO) : width;
        return new RandomErasing.Region((height - h) / 2, (width - w) / 2, h, w);
    }

    /** Returns the given rectangle of an image, resized to the output size. */
    public RgbImage apply(RgbImage image, RandomErasing.Region box) {
        return new Resize(size, size).apply(Crop.apply(image, box.top(), box.left(), box.height(), box.width()));
    }

    @Override
    public String toString() {
        return "RandomResizedCrop(size=(" + size + ", " + size + "), scale=(" + Math.round(minScale * 1e4) / 1e4
                + ", 1.0), ratio=(0.75, 1.3333), interpolation=bilinear, antialias=True)";
    }
}
