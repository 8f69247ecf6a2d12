package io.github.resdensenet.export;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The images that an exported model is checked with.
 *
 * @param description which images, in words
 */
record CheckImages(String description, List<RgbImage> images) {
    private static final int MOST_IMAGES = 100;
    private static final int[][] GENERATED_SIZES = {{64, 64}, {300, 200}, {37, 91}, {224, 224}, {480, 640}};

    /** Images of the validation set; generated images if there is none, or its files are gone. */
    static CheckImages of(Run run, Classifier classifier) throws IOException {
        List<Sample> samples;
        try {
            samples = new RunEvaluator(run).samples(Subset.VAL, null);
        } catch (IOException | IllegalArgumentException e) {
            return new CheckImages("generated images (the run has no validation images here)", generated());
        }
        int every = (samples.size() + MOST_IMAGES - 1) / MOST_IMAGES;
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < samples.size(); i += every) {
            images.add(ImageDecoder.decode(
                    samples.get(i).path(), classifier.preprocessing().upright()));
        }
        return new CheckImages(images.size() + " validation images", images);
    }

    /** Smooth colours with noise, in several sizes. */
    private static List<RgbImage> generated() {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int height = GENERATED_SIZES[i % GENERATED_SIZES.length][0];
            int width = GENERATED_SIZES[i % GENERATED_SIZES.length][1];
            KeyedRandom random = KeyedRandom.of(i);
            byte[] pixels = new byte[3 * height * width];
            int[] slope = {random.nextInt(256), random.nextInt(256), random.nextInt(256)};
            for (int k = 0; k < pixels.length; k++) {
                int row = k / 3 / width;
                pixels[k] = (byte) ((slope[k % 3] + 128 * row / height + random.nextInt(32)) & 255);
            }
            images.add(new RgbImage(width, height, pixels));
        }
        return images;
    }
}
