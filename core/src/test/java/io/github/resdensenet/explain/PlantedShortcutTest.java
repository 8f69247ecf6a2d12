package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Pictures;
import io.github.resdensenet.train.Recipe;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One of two classes of random textures has a white square in its corner, and nothing else tells them apart: what is
 * marked has to be the square.
 *
 * <p>The textures differ in brightness and are as strong as the square, so that a network that has learned nothing is not
 * drawn to it, and one that has learned has no use for them.
 */
class PlantedShortcutTest {
    private static final int SIZE = 32;
    private static final int SQUARE = SIZE / 4;
    private static final int CELL = 4;
    private static final int PICTURES = 10;

    @TempDir
    private Path root;

    private static RgbImage picture(String name, boolean marked) {
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
                RgbImage picture = picture(name + seed + "/" + i, name.equals("marked"));
                Pictures.png(folder.resolve(i + ".png"), SIZE, SIZE, picture.pixels());
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
        // The best epoch is the first without a mistake; only later ones have forgotten all that is not the square.
        Checkpoint last = Checkpoint.read(run.last());
        return Classifier.of(
                last.model(run.last()),
                last.manifest().classes(),
                last.manifest().preprocessing());
    }

    /** The share of the evidence for a class that lies in the square and one cell around it. */
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

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void isFoundByLayerCamAtTheStemAndByOcclusionAndOnlyByWhatHasLearnedIt(int seed) throws IOException {
        try (Explainer explainer = new Explainer(train(seed))) {
            for (Request request : new Request[] {
                Request.of(Method.LAYERCAM).atStage(0),
                Request.of(Method.OCCLUSION).withPatch(SQUARE, CELL)
            }) {
                double least = 1;
                double correlation = 0;
                for (int i = 0; i < PICTURES; i++) {
                    Explanation found = explainer.explain(picture("new" + seed + "/" + i, true), request);
                    assertThat(found.targetName()).isEqualTo("marked");
                    assertThat(found.map().width()).isEqualTo(SIZE / CELL);
                    least = Math.min(least, mass(found.map()));
                    Sanity sanity = explainer.check(found);
                    assertThat(sanity.deletionHolds()).as(sanity.verdict()).isTrue();
                    assertThat(sanity.insertionHolds()).as(sanity.verdict()).isTrue();
                    correlation += sanity.meanCorrelation() / PICTURES;
                }
                assertThat(least).isGreaterThanOrEqualTo(0.9);
                assertThat(correlation).isLessThan(0.3);
            }
        }
    }
}
