package io.github.resdensenet.serve;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.transforms.Normalize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Run folders with small untrained networks, and images for them. */
final class TestRun {
    static final List<String> CLASSES = List.of("<b>bold</b>", "night & day", "夜");
    private static final int SIZE = 48;

    private TestRun() {}

    static Run create(Path folder, int seed) throws IOException {
        Recipe recipe = Recipe.builtIn("default", Architecture.RESDENSENET)
                .with("data.imageSize", "" + SIZE)
                .with("model.blockConfig", "[2, 1, 2]")
                .with("model.growthRate", "8")
                .with("model.numInitFeatures", "16");
        try (ImageClassifier model = Models.create(recipe.model(), CLASSES.size(), seed)) {
            Map<String, TensorData> weights = ModelState.of(model);
            return new Weights(weights, Normalize.IMAGENET, folder).createRun(recipe, CLASSES, folder);
        }
    }

    /** Replaces the best checkpoint of a run by that of another run. */
    static void replaceBest(Run run, Run other) throws IOException {
        Checkpoint best = other.readBest();
        run.saveBest(best.withManifest(best.manifest().withTemperature(1)));
    }

    /** PNG files of different sizes and contents. */
    static List<Path> images(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        List<Path> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int height = 20 + 13 * (i % 11);
            int width = 30 + 17 * (i % 7);
            double[] numbers = Counter.uniform("image" + i, height * width * 3);
            byte[] rgb = new byte[numbers.length];
            for (int k = 0; k < rgb.length; k++) {
                rgb[k] = (byte) (int) (128 + 60 * Math.sin(k / (5.0 + i)) + 60 * numbers[k]);
            }
            Path file = folder.resolve("image" + i + ".png");
            TestImages.png(file, height, width, rgb);
            images.add(file);
        }
        return images;
    }
}
