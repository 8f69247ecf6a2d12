package io.github.resdensenet.export;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The images that an exported model is checked with. Each is decoded when its batch is run, so that large photographs do
 * not fill the memory.
 *
 * @param kind which images, in words
 */
record CheckImages(String kind, List<Source> sources) {
    private static final int MOST_IMAGES = 100;
    private static final long MOST_PIXELS = 200_000_000;

    /** Pixels of a batch whose model resizes in double precision. */
    private static final long MOST_PIXELS_PER_BATCH = 4_000_000;

    /** Sizes of the batches: one image alone, and batches of two sizes. */
    private static final int[] BATCHES = {1, 2, 7};

    private static final int GENERATED = 20;
    private static final int[][] GENERATED_SIZES = {{64, 64}, {300, 200}, {37, 91}, {224, 224}, {480, 640}};

    /** Provides an image. */
    interface Source {
        RgbImage image() throws IOException;
    }

    /** Runs a batch. */
    interface BatchRunner {
        void run(List<RgbImage> batch) throws IOException;
    }

    /**
     * Images of the validation set; generated images if there is none, or its files are gone.
     *
     * @param data another place of the image folder, or null
     * @throws IOException if there is another place, and an image is missing there or has changed
     */
    static CheckImages of(Run run, Checkpoint best, @Nullable Path data) throws IOException {
        List<Path> files;
        try {
            files = files(run, best, Subset.VAL, data, MOST_IMAGES);
        } catch (IOException e) {
            if (data != null) {
                throw e;
            }
            return generated();
        } catch (IllegalArgumentException e) {
            return generated();
        }
        boolean upright = best.manifest().preprocessing().upright();
        return new CheckImages(
                "validation images",
                files.stream()
                        .map(file -> (Source) () -> ImageDecoder.decode(file, upright))
                        .toList());
    }

    /**
     * Every n-th image of a subset, at most {@code most}.
     *
     * @throws IOException if an image is missing or has changed
     * @throws IllegalArgumentException if the subset has no images
     */
    static List<Path> files(Run run, Checkpoint best, Subset subset, @Nullable Path data, int most) throws IOException {
        List<Sample> samples = new RunEvaluator(run, best).samples(subset, data);
        int every = (samples.size() + most - 1) / most;
        return IntStream.range(0, samples.size())
                .filter(i -> i % every == 0)
                .mapToObj(i -> samples.get(i).path())
                .toList();
    }

    private static CheckImages generated() {
        List<Source> sources = IntStream.range(0, GENERATED)
                .mapToObj(i -> (Source) () -> generated(i))
                .toList();
        return new CheckImages("generated images (the run has no validation images here)", sources);
    }

    /** Smooth colours with noise. */
    private static RgbImage generated(int number) {
        int height = GENERATED_SIZES[number % GENERATED_SIZES.length][0];
        int width = GENERATED_SIZES[number % GENERATED_SIZES.length][1];
        KeyedRandom random = KeyedRandom.of(number);
        byte[] pixels = new byte[3 * height * width];
        int[] slope = {random.nextInt(256), random.nextInt(256), random.nextInt(256)};
        for (int k = 0; k < pixels.length; k++) {
            int row = k / 3 / width;
            pixels[k] = (byte) ((slope[k % 3] + 128 * row / height + random.nextInt(32)) & 255);
        }
        return new RgbImage(width, height, pixels);
    }

    /**
     * Runs all images in batches, or as many as have {@value #MOST_PIXELS} pixels in all.
     *
     * @param input for {@link ModelInput#PIXELS}, all images of a batch have the same size
     */
    void forEachBatch(ModelInput input, BatchRunner runner) throws IOException {
        List<RgbImage> batch = new ArrayList<>();
        long pixels = 0;
        int turn = 0;
        for (Source source : sources) {
            if (pixels > MOST_PIXELS) {
                break;
            }
            RgbImage image = source.image();
            pixels += pixels(image);
            if (!batch.isEmpty() && (batch.size() == BATCHES[turn % BATCHES.length] || !fits(image, batch, input))) {
                runner.run(batch);
                batch = new ArrayList<>();
                turn++;
            }
            batch.add(image);
        }
        runner.run(batch);
    }

    private static boolean fits(RgbImage image, List<RgbImage> batch, ModelInput input) {
        RgbImage first = batch.get(0);
        return input == ModelInput.TENSOR
                || (first.width() == image.width()
                        && first.height() == image.height()
                        && (batch.size() + 1) * pixels(image) <= MOST_PIXELS_PER_BATCH);
    }

    private static long pixels(RgbImage image) {
        return (long) image.width() * image.height();
    }
}
