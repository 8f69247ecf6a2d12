package io.github.resdensenet.image;

/**
 * A decoded RGB image with 8 bits per channel.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels red, green and blue of each pixel, row by row: height * width * 3 unsigned bytes; not copied
 */
public record RgbImage(int width, int height, byte[] pixels) {
    /** Checks that the number of bytes matches the size. */
    public RgbImage {
        if (width < 1 || height < 1 || pixels.length != 3L * width * height) {
            throw new IllegalArgumentException("an RGB image of " + width + " x " + height + " needs "
                    + 3L * width * height + " bytes, got " + pixels.length);
        }
    }
}
