package io.github.resdensenet.testkit;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Writes synthetic images and image folders. */
public final class TestImages {
    private TestImages() {}

    /**
     * Writes an image folder with one subfolder per class. Each class has its own brightness, so that a network can
     * learn to classify the images.
     *
     * @param perClass number of PNG images per class
     * @param size height and width in pixels
     * @return {@code root}
     */
    public static Path folder(Path root, int perClass, int size, String... classes) throws IOException {
        for (int c = 0; c < classes.length; c++) {
            Path folder = Files.createDirectories(root.resolve(classes[c]));
            for (int i = 0; i < perClass; i++) {
                byte[] rgb = Counter.image(classes[c] + "/" + i, size, size, false);
                for (int k = 0; k < rgb.length; k++) {
                    rgb[k] = (byte) ((rgb[k] & 255) / classes.length + 255 * c / classes.length);
                }
                png(folder.resolve("%03d.png".formatted(i)), size, size, rgb);
            }
        }
        return root;
    }

    /** Writes RGB bytes of shape [height, width, 3] as a PNG file. */
    public static void png(Path file, int height, int width, byte[] rgb) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = (y * width + x) * 3;
                image.setRGB(x, y, (rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | (rgb[i + 2] & 255));
            }
        }
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("no PNG writer");
        }
    }
}
