package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;

/** Cuts a rectangle out of an image. */
final class Crop {
    private Crop() {}

    /**
     * Returns the pixels of a rectangle. Pixels outside the image are black.
     *
     * @param top first row of the rectangle; can be negative
     * @param left first column of the rectangle; can be negative
     * @param height 1 or more
     * @param width 1 or more
     * @throws IllegalArgumentException if the rectangle has more than 2 GB
     */
    static RgbImage apply(RgbImage image, int top, int left, int height, int width) {
        if (top == 0 && left == 0 && height == image.height() && width == image.width()) {
            return image;
        }
        if (3L * height * width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "an image of " + width + " x " + height + " is too large: at most 2 GB of pixels are supported");
        }
        byte[] out = new byte[height * width * 3];
        int first = Math.max(left, 0);
        int length = (Math.min(left + width, image.width()) - first) * 3;
        int end = Math.min(top + height, image.height());
        for (int y = Math.max(top, 0); y < end && length > 0; y++) {
            int from = (y * image.width() + first) * 3;
            System.arraycopy(image.pixels(), from, out, ((y - top) * width + first - left) * 3, length);
        }
        return new RgbImage(width, height, out);
    }

    /** Returns the centre of an image as a square of {@code size} pixels, padded with black where necessary. */
    static RgbImage center(RgbImage image, int size) {
        return apply(image, offset(image.height(), size), offset(image.width(), size), size, size);
    }

    private static int offset(int available, int size) {
        return size > available ? -((size - available) / 2) : (int) Math.rint((available - size) / 2.0);
    }
}
