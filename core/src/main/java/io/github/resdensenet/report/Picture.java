package io.github.resdensenet.report;

/**
 * A picture for a page.
 *
 * @param width in pixels
 * @param height in pixels
 * @param rgb red, green, blue of each pixel, row by row, 0 to 255 unsigned; not copied
 */
public record Picture(int width, int height, byte[] rgb) {
    /** Checks the sizes. */
    public Picture {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("a picture of " + width + " x " + height + " needs "
                    + 3L * width * height + " bytes, got " + rgb.length);
        }
    }

    /** The picture as a PNG file. */
    public byte[] png() {
        return Png.rgb(width, height, rgb);
    }
}
