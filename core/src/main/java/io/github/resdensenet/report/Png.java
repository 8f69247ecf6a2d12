package io.github.resdensenet.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Pixels to PNG files. */
public final class Png {
    private Png() {}

    /** A colour picture from red, green, blue of each pixel, row by row, 0 to 255 unsigned. */
    public static byte[] rgb(int width, int height, byte[] pixels) {
        check(width, height, 3, pixels);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int rgb = (pixels[3 * i] & 255) << 16 | (pixels[3 * i + 1] & 255) << 8 | (pixels[3 * i + 2] & 255);
            image.setRGB(i % width, i / width, rgb);
        }
        return encode(image);
    }

    /** A grey picture from a byte a pixel, row by row, 0 to 255 unsigned. */
    public static byte[] grey(int width, int height, byte[] pixels) {
        check(width, height, 1, pixels);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setDataElements(0, 0, width, height, pixels);
        return encode(image);
    }

    private static void check(int width, int height, int channels, byte[] pixels) {
        if (width < 1 || height < 1 || pixels.length != (long) width * height * channels) {
            throw new IllegalArgumentException("a picture of " + width + " x " + height + " with " + channels
                    + " bytes a pixel cannot have " + pixels.length + " bytes");
        }
    }

    static byte[] encode(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return out.toByteArray();
    }
}
