package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Resizes an image so that its shorter side has a given length. The aspect ratio is kept.
 *
 * <p>The pixels are those of {@link Resize}. The longer side is rounded down.
 *
 * @param size length of the shorter side of the output in pixels, 1 or more
 */
record ResizeShortSide(int size) implements Transform {
    /**
     * Checks that the size is positive.
     *
     * @throws IllegalArgumentException if the size is below 1
     */
    public ResizeShortSide {
        Ranges.checkSize(size);
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image);
    }

    /**
     * Returns the resized image, or {@code image} itself if it already has the output size.
     *
     * @throws IllegalArgumentException if the resized image has more than 2 GB
     */
    public RgbImage apply(RgbImage image) {
        long shorter = Math.min(image.width(), image.height());
        long longer = size * (long) Math.max(image.width(), image.height()) / shorter;
        // Resize first changes one side only, so that its intermediate image can be larger than its output.
        if (longer * 3 > Integer.MAX_VALUE / Math.max(size, shorter)) {
            throw new IllegalArgumentException("an image of " + image.width() + " x " + image.height()
                    + " cannot be resized to a shorter side of " + size + ": its longer side would have " + longer
                    + " pixels");
        }
        boolean tall = image.height() > image.width();
        return new Resize(tall ? (int) longer : size, tall ? size : (int) longer).apply(image);
    }

    @Override
    public String toString() {
        return "Resize(size=" + size + ", interpolation=bilinear, max_size=None, antialias=True)";
    }
}
