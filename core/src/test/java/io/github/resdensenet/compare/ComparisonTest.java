package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.compare.Comparison.Bench;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the names are not valid there")
class ComparisonTest {
    private static final Map<String, String> SMALL = Map.of(
            "model.blockConfig", "[1, 1]",
            "model.growthRate", "8",
            "model.numInitFeatures", "8",
            "train.threads", "2");
    private static final Bench BENCH = recipe -> {
        assertThat(recipe).isNotEmptyFile();
        return new TreeMap<>(Map.of(
                "engine", "fused", "batch", 8, "train_ms_median", 4.0, "infer_ms_median", 2.0, "peak_rss_mb", 300));
    };

    @TempDir
    private Path root;

    private Path images;

    @BeforeEach
    void makeImages() throws Exception {
        images = TestImages.folder(root.resolve("data"), 20, 20, "<b>night", "day|`_");
    }

    private ComparisonOptions options(int seeds, String... fusions) {
        return new ComparisonOptions(
                images.toString(),
                List.of("resdensenet"),
                List.of("own", "common"),
                List.of(fusions),
                seeds,
                0,
                2,
                32,
                SMALL);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void trainsEachCellOnceAndWritesReport() throws Exception {
        Path out = root.resolve("out");
        Steps steps = new Steps();
        new Comparison(options(2, "both", "add"), out, BENCH, steps).run();
        assertThat(steps.begun)
                .startsWith("1/4 training resdensenet-own-0", "2/4 training resdensenet-own-1")
                .endsWith("4/4 timing resdensenet-add");
        assertThat(files(out.resolve("runs")))
                .containsExactly(
                        "resdensenet-add-own-0", "resdensenet-add-own-1", "resdensenet-own-0", "resdensenet-own-1");
        assertThat(files(out)).contains("compare.csv", "compare.html", "compare.json", "compare.md", "curves.png");

        JsonNode json = JsonMapper.shared().readTree(Files.readString(out.resolve("compare.json")));
        assertThat(json.get("rows")).hasSize(4);
        JsonNode first = json.get("rows").get(0);
        assertThat(first.get("model").asString()).isEqualTo("ResDenseNet");
        assertThat(first.get("train_images_per_second").asDouble()).isEqualTo(2000);
        assertThat(first.get("infer_ms_per_image").asDouble()).isEqualTo(0.25);
        JsonNode metrics =
                JsonMapper.shared().readTree(Files.readString(out.resolve("runs/resdensenet-own-1/metrics.json")));
        assertThat(first.get("accuracy_by_seed").get(1).asDouble())
                .isEqualTo(metrics.get("test").get("accuracy").asDouble());
        assertThat(first.get("macro_f1_by_seed").get(1).asDouble())
                .isEqualTo(metrics.get("test").get("macro_f1").asDouble());
        assertThat(json.get("pairs")).hasSize(2); // own and common share their runs here

        String html = Files.readString(out.resolve("compare.html"));
        assertThat(html).contains("&lt;b&gt;night", "<svg").doesNotContain("<b>night", "<script", " src=", " href=");
        assertThat(Files.readString(out.resolve("compare.md")))
                .contains("day\\|\\`\\_", "For ResDenseNet, the own recipe is identical to the common recipe.")
                .doesNotContain("<b>");
        assertThat(Files.readAllLines(out.resolve("compare.csv"))).hasSize(5);
        assertThat(Files.readAllLines(out.resolve("predictions/resdensenet-own-0.csv")))
                .hasSize(1 + 8)
                .first()
                .isEqualTo("path,truth,predicted,p_truth");

        Steps again = new Steps();
        new Comparison(
                        options(2, "both", "add"),
                        out,
                        recipe -> {
                            throw new IOException("benchmark repeated");
                        },
                        again)
                .run();
        assertThat(again.steps).isZero();
    }

    @Test
    void resumesToIdenticalReportAfterStop() throws Exception {
        Path uninterrupted = root.resolve("uninterrupted");
        Steps counted = new Steps();
        new Comparison(options(2, "both"), uninterrupted, BENCH, counted).run();
        for (int stop : new int[] {1, counted.steps / 2, counted.steps - 1}) {
            Path out = root.resolve("stopped-" + stop);
            Steps steps = new Steps();
            Comparison comparison = new Comparison(options(2, "both"), out, BENCH, steps);
            steps.stopAfter = stop;
            steps.stop = comparison::stop;
            assertThatThrownBy(comparison::run)
                    .isInstanceOf(CancellationException.class)
                    .hasMessage("stopped; to resume, repeat the command with --out " + out);
            assertThat(out.resolve("compare.json")).doesNotExist();
            Steps rest = new Steps();
            new Comparison(options(2, "both"), out, BENCH, rest).run();
            assertThat(steps.steps + rest.steps).isEqualTo(counted.steps);
            for (String file : List.of("compare.json", "compare.csv", "compare.md", "compare.html")) {
                assertThat(out.resolve(file)).hasSameTextualContentAs(uninterrupted.resolve(file));
            }
        }
    }

    @Test
    void evaluatesAllImagesPerSeedWithFolds() throws Exception {
        Path out = root.resolve("out");
        Steps steps = new Steps();
        ComparisonOptions folded = new ComparisonOptions(
                images.toString(),
                List.of("resdensenet"),
                List.of("common"),
                List.of("both", "none"),
                1,
                2,
                1,
                0,
                SMALL);
        new Comparison(folded, out, BENCH, steps).run();
        assertThat(steps.remarks)
                .containsExactly("Image size: 32, because the median of the images' short sides is 20 pixels"
                        + " (data.imageSize: auto)");
        assertThat(files(out.resolve("runs")))
                .containsExactly(
                        "resdensenet-common-0-fold-0",
                        "resdensenet-common-0-fold-1",
                        "resdensenet-none-common-0-fold-0",
                        "resdensenet-none-common-0-fold-1");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(out.resolve("compare.json")));
        assertThat(json.get("options").get("--folds").asString()).isEqualTo("2");
        assertThat(json.get("test_pictures").asInt()).isEqualTo(40);
        JsonNode row = json.get("rows").get(0);
        assertThat(row.get("runs")).hasSize(2);
        assertThat(row.get("accuracy_by_seed")).hasSize(1);
        double mean = 0;
        for (int fold = 0; fold < 2; fold++) {
            Path metrics = out.resolve("runs/resdensenet-common-0-fold-" + fold + "/metrics.json");
            JsonNode test =
                    JsonMapper.shared().readTree(Files.readString(metrics)).get("test");
            assertThat(test.get("n").asInt()).isEqualTo(20);
            mean += test.get("accuracy").asDouble() / 2;
        }
        assertThat(row.get("accuracy").asDouble()).isCloseTo(mean, within(1e-12));
        assertThat(Files.readString(out.resolve("compare.md")))
                .contains("Each seed is a cross-validation with 2 folds", "40 test images per seed");
    }

    @Test
    void rejectsImagesThatChangedAfterTheFirstRun() throws Exception {
        Path out = root.resolve("out");
        new Comparison(options(1, "both", "add"), out, BENCH, new Steps()).run();
        Path split = out.resolve("runs/resdensenet-own-0/split.csv");
        Files.writeString(split, Files.readString(split).replaceFirst("[0-9a-f]{64}", "0".repeat(64)));
        Path second = out.resolve("runs/resdensenet-add-own-0");
        assertThat(second).exists();
        AtomicFiles.deleteTree(second);
        assertThatThrownBy(() -> new Comparison(options(1, "both", "add"), out, BENCH, new Steps()).run())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("the images differ from those of");
    }

    @Test
    void macroF1MatchesScikitLearn() throws Exception {
        Predictions predictions = new Predictions(List.of(
                new Predictions.Answer("a", "x", "x", 0.5),
                new Predictions.Answer("b", "x", "y", 0.5),
                new Predictions.Answer("c", "y", "y", 0.5),
                new Predictions.Answer("d", "z", "y", 0.5)));
        assertThat(predictions.macroF1()).isCloseTo((2.0 / 3 + 0.5 + 0) / 3, within(1e-12));
        assertThatThrownBy(() -> Predictions.join(List.of(predictions, predictions)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("a: in the test sets of two folds");
    }

    @Test
    void rejectsFolderWithDifferentOptionsOrRecipes() throws Exception {
        Path out = root.resolve("out");
        Steps none = new Steps();
        new Comparison(options(1, "both"), out, BENCH, none).run();
        assertThatThrownBy(() -> new Comparison(options(2, "both", "add"), out, BENCH, none).run())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(out + ": created with different options: --fusions both -> both,add, --seeds 1 -> 2; choose"
                        + " another --out");
        Path recipe = out.resolve("runs/resdensenet-own-0/recipe.yaml");
        Files.writeString(recipe, Files.readString(recipe).replace("labelSmoothing: 0.1", "labelSmoothing: 0.2"));
        assertThatThrownBy(() -> new Comparison(options(1, "both"), out, BENCH, none).run())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("trained with a different recipe: train.labelSmoothing 0.2 -> 0.1");
        assertThatThrownBy(() -> new Comparison(options(1, "both"), images, BENCH, none).run())
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("already exists and is not a comparison folder");
    }

    @Test
    void rejectsInvalidOptions() {
        assertThatThrownBy(() -> options(0, "both")).hasMessage("--seeds must be 1 to 100, got 0");
        assertThatThrownBy(() -> new ComparisonOptions(
                        "fashion3", List.of("resdensenet"), List.of("own"), List.of("both"), 1, 1, 0, 0, Map.of()))
                .hasMessage("--folds must be 0, or 2 to 100, got 1");
        assertThatThrownBy(() -> new ComparisonOptions(
                        "fashion3",
                        List.of("resdensenet"),
                        List.of("own"),
                        List.of("both"),
                        1,
                        5,
                        0,
                        0,
                        Map.of("data.fold", "1")))
                .hasMessage("--set must not change data.fold; use --folds");
        assertThatThrownBy(() -> options(1, "both", "both"))
                .hasMessageContaining("--fusions must be distinct values of");
        assertThatThrownBy(() -> options(1, "half")).hasMessageContaining("got [half]");
        assertThatThrownBy(() -> new ComparisonOptions(
                        "fashion3", List.of("vgg"), List.of("own"), List.of("both"), 1, 0, 0, 0, Map.of()))
                .hasMessageContaining("--models must be distinct values of");
        assertThatThrownBy(() -> new ComparisonOptions(
                        "fashion3",
                        List.of("resdensenet"),
                        List.of("own"),
                        List.of("both"),
                        1,
                        0,
                        0,
                        0,
                        Map.of("train.seed", "3")))
                .hasMessage("--set must not change model.name, model.fusion, train.seed: the comparison sets them, got"
                        + " train.seed");
    }
}
