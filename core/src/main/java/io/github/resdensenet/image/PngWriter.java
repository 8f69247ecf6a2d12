package io.github.resdensenet.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Encodes images as PNG. */
public final class PngWriter {
    private PngWriter() {}

    /**
     * Encodes an RGB image.
     *
     * @param width in pixels
     * @param height in pixels
     * @param pixels red, green and blue of each pixel, row by row: height * width * 3 unsigned bytes
     * @throws IllegalArgumentException if the number of bytes does not match the size
     */
    public static byte[] rgb(int width, int height, byte[] pixels) {
        check(width, height, 3, pixels);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int rgb = (pixels[3 * i] & 255) << 16 | (pixels[3 * i + 1] & 255) << 8 | (pixels[3 * i + 2] & 255);
            image.setRGB(i % width, i / width, rgb);
        }
        return encode(image);
    }

    /**
     * Encodes a grey-scale image.
     *
     * @param width in pixels
     * @param height in pixels
     * @param pixels the value of each pixel, row by row: height * width unsigned bytes
     * @throws IllegalArgumentException if the number of bytes does not match the size
     */
    public static byte[] grey(int width, int height, byte[] pixels) {
        check(width, height, 1, pixels);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setDataElements(0, 0, width, height, pixels);
        return encode(image);
    }

    private static void check(int width, int height, int channels, byte[] pixels) {
        if (width < 1 || height < 1 || pixels.length != (long) width * height * channels) {
            throw new IllegalArgumentException("an image of " + width + " x " + height + " pixels with " + channels
                    + " bytes per pixel cannot have " + pixels.length + " bytes");
        }
    }

    /** Encodes a {@link BufferedImage} of any type. */
    public static byte[] encode(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // never thrown when writing to memory
        }
        return out.toByteArray();
    }
}
