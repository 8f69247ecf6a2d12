package io.github.resdensenet.bench;

import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.Resize;
import io.github.resdensenet.util.KeyedRandom;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The steps from an image file of 640 x 480 pixels to the network input. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ImageBenchmark {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;

    private final Resize resize = new Resize(224, 224);
    private final Preprocessing preprocessing = new Preprocessing(224, Normalize.IMAGENET);
    private final Compose jitter = augmenting(Map.of("augment.horizontalFlip", "0.0"));
    private final Compose flip = augmenting(Map.of(
            "augment.horizontalFlip", "1.0",
            "augment.brightness", "0.0",
            "augment.contrast", "0.0",
            "augment.saturation", "0.0"));
    private final KeyedRandom random = KeyedRandom.of(1);
    private Path jpeg = Path.of("");
    private Path png = Path.of("");
    private RgbImage large = new RgbImage(1, 1, new byte[3]);
    private RgbImage small = large;

    /** The transforms of the default recipe with some keys changed. */
    private Compose augmenting(Map<String, String> changes) {
        return Recipe.defaults().with(changes).augment().over(preprocessing);
    }

    /** Draws an image of waves, which JPEG compresses about as well as a photograph. */
    @Setup
    public void draw() throws IOException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int r = (int) (127 + 120 * Math.sin(x / 17.0 + y / 31.0));
                int g = (int) (127 + 120 * Math.sin(x * y / 4000.0));
                int b = (int) (127 + 120 * Math.cos(x / 5.0 - y / 7.0));
                image.setRGB(x, y, r << 16 | g << 8 | b);
            }
        }
        jpeg = Files.createTempFile("bench", ".jpg");
        png = Files.createTempFile("bench", ".png");
        ImageIO.write(image, "jpg", jpeg.toFile());
        ImageIO.write(image, "png", png.toFile());
        large = ImageDecoder.decode(jpeg, false);
        small = resize.apply(large);
    }

    /** Deletes the images. */
    @TearDown
    public void remove() throws IOException {
        Files.delete(jpeg);
        Files.delete(png);
    }

    /** Reads and decodes a JPEG file. */
    @Benchmark
    public RgbImage decodeJpeg() throws IOException {
        return ImageDecoder.decode(jpeg, false);
    }

    /** Reads and decodes a PNG file. */
    @Benchmark
    public RgbImage decodePng() throws IOException {
        return ImageDecoder.decode(png, false);
    }

    /** 640 x 480 to 224 x 224, antialiased. */
    @Benchmark
    public RgbImage resize() {
        return resize.apply(large);
    }

    /** Brightness, contrast and saturation at 224 x 224. */
    @Benchmark
    public RgbImage jitter() {
        return jitter.apply(small, random);
    }

    /** Mirrors 224 x 224. */
    @Benchmark
    public RgbImage flip() {
        return flip.apply(small, random);
    }
}
