package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.compare.Comparison.Listener;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.util.Csv;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the names are not valid there")
class CrossValidationTest {
    private static final int PER_CLASS = 12;
    private static final int FOLDS = 3;

    @TempDir
    private Path root;

    private Path images = Path.of("");
    private Recipe recipe = Recipe.defaults();

    @BeforeEach
    void makeImages() throws Exception {
        images = TestImages.folder(root.resolve("膝关节"), PER_CLASS, 20, "正常", "轻度<b>");
        recipe = Recipe.defaults()
                .withData(images)
                .with(Map.of(
                        "model.blockConfig", "[1, 1]",
                        "model.growthRate", "8",
                        "model.numInitFeatures", "8",
                        "data.batchSize", "6",
                        "data.folds", Integer.toString(FOLDS),
                        "train.epochs", "2",
                        "train.threads", "2"));
    }

    private CrossValidation validation(Recipe of, Path out, Listener listener) {
        return new CrossValidation(of, null, false, out, listener);
    }

    @Test
    void evaluatesEveryImageOnceAndWritesReport() throws Exception {
        Path out = root.resolve("out");
        Steps progress = new Steps();
        Evaluation evaluation = validation(recipe, out, progress).run();
        assertThat(progress.begun).containsExactly("1/3 training fold-0", "2/3 training fold-1", "3/3 training fold-2");
        assertThat(progress.remarks)
                .containsExactly("Image size: 32, because the median of the images' short sides is 20 pixels"
                        + " (data.imageSize: auto)");
        assertThat(evaluation.n()).isEqualTo(2 * PER_CLASS);

        List<List<String>> predictions = Csv.read(out.resolve("predictions.csv"));
        assertThat(predictions.get(0)).containsExactly("path", "class", "fold", "predicted", "p_正常", "p_轻度<b>");
        assertThat(predictions.stream().skip(1).map(row -> row.get(0)))
                .hasSize(2 * PER_CLASS)
                .doesNotHaveDuplicates()
                .isSorted();
        for (int fold = 0; fold < FOLDS; fold++) {
            String name = Integer.toString(fold);
            List<String> tested = Csv.read(out.resolve("runs/fold-" + fold + "/split.csv")).stream()
                    .filter(row -> row.get(2).equals("test"))
                    .map(row -> row.get(0))
                    .toList();
            assertThat(predictions.stream()
                            .filter(row -> row.get(2).equals(name))
                            .map(row -> row.get(0)))
                    .containsExactlyElementsOf(tested);
            JsonNode metrics = json(out.resolve("runs/fold-" + fold + "/metrics.json"));
            List<List<String>> folds = Csv.read(out.resolve("folds.csv"));
            assertThat(folds).hasSize(1 + FOLDS);
            int column = folds.get(0).indexOf("accuracy");
            assertThat(Double.parseDouble(folds.get(1 + fold).get(column)))
                    .isEqualTo(metrics.get("test").get("accuracy").asDouble());
        }
        JsonNode all = json(out.resolve("crossval.json"));
        assertThat(all.get("n").asInt()).isEqualTo(2 * PER_CLASS);
        assertThat(all.get("folds").asInt()).isEqualTo(FOLDS);
        assertThat(all.get("accuracy").asDouble()).isEqualTo(evaluation.accuracy());
        assertThat(all.get("accuracy_ci95")).hasSize(2);
        assertThat(all.get("per_class").get(1).get("class").asString()).isEqualTo("轻度<b>");
        assertThat(all.get("fold_accuracy_mean").asDouble()).isCloseTo(evaluation.accuracy(), within(1e-12));

        String html = Files.readString(out.resolve("crossval.html"));
        assertThat(html)
                .contains("<bdi>正常</bdi>", "轻度&lt;b&gt;", "<bdi>膝关节</bdi>", "fold-2", "from 24 predictions")
                .contains("resdensenet crossval --recipe " + out.resolve("recipe.yaml") + " --out ")
                .doesNotContain("轻度<b>", "http://", "https://");
    }

    @Test
    void resumesToIdenticalResultsAfterStop() throws Exception {
        Path uninterrupted = root.resolve("a/out");
        Steps counted = new Steps();
        validation(recipe, uninterrupted, counted).run();
        Path out = root.resolve("b/out");
        Steps first = new Steps();
        CrossValidation stopped = validation(recipe, out, first);
        first.stopAfter = counted.steps / FOLDS + 1; // in fold 1
        first.stop = stopped::stop;
        assertThatThrownBy(stopped::run)
                .isInstanceOf(CancellationException.class)
                .hasMessage("stopped; to resume, repeat the command with --out " + out);
        assertThat(first.begun).last().isEqualTo("2/3 training fold-1");
        assertThat(out.resolve("crossval.json")).doesNotExist();
        assertThat(out.resolve("predictions/fold-0.csv")).exists();
        Steps rest = new Steps();
        validation(recipe, out, rest).run();
        assertThat(first.steps + rest.steps).isEqualTo(counted.steps);
        for (String file : List.of("predictions.csv", "folds.csv")) {
            assertThat(out.resolve(file)).hasSameTextualContentAs(uninterrupted.resolve(file));
        }
        Steps none = new Steps();
        Evaluation again = validation(recipe, out, none).run();
        assertThat(none.steps).isZero();
        assertThat(again.n()).isEqualTo(2 * PER_CLASS);
    }

    @Test
    void keepsGroupsAndDuplicatesInOneFoldAndDrawsGroupsForTheIntervals() throws Exception {
        // groups by the last digit; 000.png and 013.png are duplicates, so groups 0 and 3 are joined
        Files.copy(images.resolve("正常/000.png"), images.resolve("正常/013.png"));
        Path out = root.resolve("out");
        Evaluation evaluation = validation(recipe.with("data.groupBy", "(\\d)\\.png"), out, new Steps())
                .run();
        assertThat(evaluation.groups()).isEqualTo(10);
        Map<String, Set<String>> folds = new HashMap<>();
        for (List<String> row : Csv.read(out.resolve("predictions.csv")).subList(1, 2 + 2 * PER_CLASS)) {
            String group = row.get(0).replaceFirst(".*(\\d)\\.png", "$1");
            folds.computeIfAbsent(group.equals("3") ? "0" : group, k -> new HashSet<>())
                    .add(row.get(2));
        }
        assertThat(folds).hasSize(9);
        assertThat(folds.values()).allMatch(inFolds -> inFolds.size() == 1);
        assertThat(Files.readString(out.resolve("runs/fold-1/log.txt")))
                .contains(
                        "Cross-validation: fold 1 of 3 is the test set (folds 0 to 2)",
                        "Groups: 10 by data.groupBy, none spans two subsets",
                        "each is in the same subset as its original");
    }

    @Test
    void rejectsOtherSettingsChangedImagesAndTooFewImages() throws Exception {
        Path out = root.resolve("out");
        Steps none = new Steps();
        assertThatThrownBy(() ->
                        validation(recipe.with("data.folds", "13"), out, none).run())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(images.resolve("正常") + ": 12 images are too few for 13 folds; a class needs at least one"
                        + " image per fold");
        assertThat(out).doesNotExist();
        assertThatThrownBy(() -> validation(recipe, images, none).run())
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("already exists and is not a cross-validation folder");
        assertThatThrownBy(() -> validation(recipe.with("data.folds", "0"), out, none))
                .hasMessage("data.folds must be 2 to 100 for a cross-validation, got 0");

        Steps first = new Steps();
        CrossValidation stopped = validation(recipe.with("train.epochs", "1"), out, first);
        first.stopAfter = 4; // in fold 1
        first.stop = stopped::stop;
        assertThatThrownBy(stopped::run).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> validation(recipe, out, none).run())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(out + ": created with different options: train.epochs 1 -> 2; choose another --out");
        Files.copy(images.resolve("正常/000.png"), images.resolve("轻度<b>/099.png"));
        assertThatThrownBy(() ->
                        validation(recipe.with("train.epochs", "1"), out, none).run())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("099.png");
        assertThat(out.resolve("crossval.json")).doesNotExist();
    }

    private static JsonNode json(Path file) throws Exception {
        return JsonMapper.shared().readTree(Files.readString(file));
    }
}
