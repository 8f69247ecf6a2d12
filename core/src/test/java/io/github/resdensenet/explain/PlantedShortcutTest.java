package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Trains on two classes of random textures that differ only in a white square in the corner of one class. The
 * attribution map must mark the square.
 *
 * <p>The textures vary in brightness and have a contrast as strong as the square. So the maps of a randomly initialised
 * network do not mark the square, and a trained network does not use the textures.
 */
class PlantedShortcutTest {
    private static final int SIZE = 32;
    private static final int SQUARE = SIZE / 4;
    private static final int CELL = 4;
    private static final int IMAGES = 10;

    @TempDir
    private Path root;

    private static RgbImage image(String name, boolean marked) {
        double[] u = Counter.uniform(name, SIZE * SIZE + 2);
        double brightness = 116 + 50 * u[SIZE * SIZE];
        double contrast = 66 + 44 * u[SIZE * SIZE + 1];
        byte[] rgb = new byte[SIZE * SIZE * 3];
        for (int i = 0; i < rgb.length; i++) {
            int pixel = i / 3;
            boolean white = marked && pixel / SIZE < SQUARE && pixel % SIZE < SQUARE;
            double value = white ? 255 : brightness + contrast * u[pixel];
            rgb[i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
        }
        return new RgbImage(SIZE, SIZE, rgb);
    }

    private Classifier train(int seed) throws IOException {
        for (String name : new String[] {"marked", "plain"}) {
            Path folder = Files.createDirectories(root.resolve("data").resolve(name));
            for (int i = 0; i < 100; i++) {
                RgbImage image = image(name + seed + "/" + i, name.equals("marked"));
                TestImages.png(folder.resolve(i + ".png"), SIZE, SIZE, image.pixels());
            }
        }
        Run run = Trainer.train(
                Recipe.defaults()
                        .withData(root.resolve("data"))
                        .with(Map.ofEntries(
                                Map.entry("model.blockConfig", "[1, 1]"),
                                Map.entry("model.growthRate", "8"),
                                Map.entry("model.numInitFeatures", "16"),
                                Map.entry("data.imageSize", Integer.toString(SIZE)),
                                Map.entry("augment.horizontalFlip", "0"),
                                Map.entry("augment.brightness", "0"),
                                Map.entry("augment.contrast", "0"),
                                Map.entry("augment.saturation", "0"),
                                Map.entry("train.lr", "0.03"),
                                Map.entry("train.weightDecay", "0.1"),
                                Map.entry("train.epochs", "20"),
                                Map.entry("train.seed", Integer.toString(seed)))),
                root.resolve("run"));
        // The best epoch is the first one without errors. Only later epochs ignore everything except the square.
        Checkpoint last = Checkpoint.read(run.last());
        return Classifier.of(
                last.model(run.last()),
                last.manifest().classes(),
                last.manifest().preprocessing());
    }

    /** The fraction of the evidence that lies in the square or in the cells next to it. */
    private static double mass(HeatMap map) {
        int inside = (SQUARE + CELL) * map.width() / SIZE;
        double all = 0;
        double within = 0;
        for (int y = 0; y < map.height(); y++) {
            for (int x = 0; x < map.width(); x++) {
                double positive = Math.max(0, map.at(x, y));
                all += positive;
                within += x < inside && y < inside ? positive : 0;
            }
        }
        return within / all;
    }

    @Test
    void layerCamAndOcclusionMarkShortcutOfTrainedNetworkOnly() throws IOException {
        layerCamAndOcclusionMarkShortcutOfTrainedNetworkOnly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Tag("slow")
    void layerCamAndOcclusionMarkShortcutOfTrainedNetworkOnly(int seed) throws IOException {
        try (Explainer explainer = new Explainer(train(seed))) {
            for (Request request : new Request[] {
                Request.of(Method.LAYERCAM).atStage(0),
                Request.of(Method.OCCLUSION).withPatch(SQUARE, CELL)
            }) {
                double least = 1;
                double correlation = 0;
                for (int i = 0; i < IMAGES; i++) {
                    Explanation found = explainer.explain(image("new" + seed + "/" + i, true), request);
                    assertThat(found.targetName()).isEqualTo("marked");
                    assertThat(found.map().width()).isEqualTo(SIZE / CELL);
                    least = Math.min(least, mass(found.map()));
                    FaithfulnessCheck check = explainer.check(found);
                    assertThat(check.deletionHolds()).as(check.verdict()).isTrue();
                    assertThat(check.insertionHolds()).as(check.verdict()).isTrue();
                    correlation += check.meanCorrelation() / IMAGES;
                }
                assertThat(least).isGreaterThanOrEqualTo(0.9);
                assertThat(correlation).isLessThan(0.3);
            }
        }
    }
}
