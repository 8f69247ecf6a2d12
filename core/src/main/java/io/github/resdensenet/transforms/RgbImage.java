package io.github.resdensenet.transforms;

/**
 * A decoded picture.
 *
 * @param width in pixels
 * @param height in pixels
 * @param pixels red, green, blue of each pixel, row by row: height * width * 3 bytes, 0 to 255 unsigned; not copied
 */
public record RgbImage(int width, int height, byte[] pixels) {
    /** Checks the sizes. */
    public RgbImage {
        if (width < 1 || height < 1 || pixels.length != 3L * width * height) {
            throw new IllegalArgumentException("an RGB image of " + width + " x " + height + " needs "
                    + 3L * width * height + " bytes, got " + pixels.length);
        }
    }
}
