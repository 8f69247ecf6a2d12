package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TrainerTest {
    @TempDir
    private Path root;

    private Recipe recipe;

    @BeforeEach
    void createImages() throws Exception {
        recipe = small(TestImages.folder(root.resolve("data"), 20, 20, "夜", "day"));
    }

    private static Recipe small(Path data) {
        return TinyRecipe.on(data).with("data.batchSize", "8").with("train.epochs", "3");
    }

    private static String weights(Run run) throws Exception {
        return Digest.sha256(run.last().resolve("weights.safetensors"))
                + Digest.sha256(run.last().resolve("optimizer.safetensors"))
                + Digest.sha256(run.best().resolve("weights.safetensors"));
    }

    /** Returns the lines of history.csv without the two columns that depend on time. */
    private static List<String> history(Run run) throws Exception {
        return Files.readAllLines(run.file("history.csv")).stream()
                .map(line -> line.replaceAll(",[^,]*,[^,]*$", ""))
                .toList();
    }

    @Test
    void rejectsRequestsThatItWouldIgnore(@TempDir Path folder) {
        Trainer trainer = new Trainer(new TrainListener() {});
        assertThatThrownBy(() -> trainer.train(Recipe.defaults(), folder.resolve("run"), null, true))
                .hasMessage("a new head needs pretrained weights");
        assertThatThrownBy(() -> trainer.resume(folder, -5)).hasMessage("epochs must not be negative, got -5");
    }

    @Test
    void accumulationUpdatesTheWeightsOncePerGroupOfBatches() throws Exception {
        Run run = Trainer.train(
                recipe.with("data.batchSize", "4").with("train.accumulate", "3"), root.resolve("accumulated"));
        long images = SplitFile.read(run.file(Run.SPLIT)).stream()
                .filter(row -> row.subset() == Subset.TRAIN)
                .count();
        assertThat(images).isEqualTo(26); // 7 batches: groups of 3, 3 and 1
        assertThat(run.recoverNewest().checkpoint().manifest().progress().step())
                .isEqualTo(3 * 3);
    }

    @Test
    void aBatchMayBeLargerThanTheTrainingSet() throws Exception {
        Recipe whole = recipe.with("train.epochs", "1");
        Run run = Trainer.train(whole.with("data.batchSize", "4096"), root.resolve("run"));
        Run exact = Trainer.train(whole.with("data.batchSize", "26"), root.resolve("exact"));
        assertThat(weights(run)).isEqualTo(weights(exact));
    }

    @Test
    void tensorBoardEventsGrowInPlace() throws Exception {
        Path file = root.resolve("run/tb/events.out.tfevents.0.resdensenet");
        Set<Object> keys = new HashSet<>();
        List<Long> sizes = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void epoch(History.EpochMetrics metrics) {
                        try {
                            keys.add(String.valueOf(Files.readAttributes(file, BasicFileAttributes.class)
                                    .fileKey()));
                            sizes.add(Files.size(file));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                })
                .train(recipe.with("train.epochs", "3"), root.resolve("run"), null, false);
        assertThat(keys).hasSize(1);
        sizes.add(Files.size(file));
        assertThat(sizes).hasSize(4).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void learnsTwoClassesAndWritesRunForEvaluationAndPrediction() throws Exception {
        Run run = Trainer.train(recipe.with("train.lr", "0.01").with("train.epochs", "8"), root.resolve("run"));
        for (String file : List.of(
                "recipe.yaml", "split.csv", "history.csv", "metrics.json", "log.txt", "curves.png", "curves.svg")) {
            assertThat(run.file(file)).isNotEmptyFile();
        }
        JsonNode metrics = JsonMapper.shared().readTree(Files.readString(run.file("metrics.json")));
        assertThat(metrics.get("test").get("accuracy").asDouble()).isGreaterThanOrEqualTo(0.75);
        Evaluation test = new RunEvaluator(Run.open(run.folder()))
                .evaluateSplit(Subset.TEST, null, (a, b) -> {})
                .evaluation();
        assertThat(test.accuracy())
                .isEqualTo(metrics.get("test").get("accuracy").asDouble());
        assertThat(test.loss()).isEqualTo(metrics.get("test").get("loss").asDouble());
        assertThat(test.n()).isEqualTo(8);
        double temperature = run.readBestManifest().temperature();
        assertThat(temperature)
                .isNotEqualTo(1)
                .isEqualTo(metrics.get("temperature").asDouble());
        assertThat(metrics.get("test_looks").asInt()).isEqualTo(1);
        assertThat(metrics.get("test").get("macro_f1_ci95")).isNotNull();
        assertThat(run.testEvaluations()).isEqualTo(2);
        try (Classifier classifier = Classifier.load(run.folder())) {
            Path night = root.resolve("data/夜/000.png");
            Prediction p = classifier.classify(night);
            assertThat(classifier.classes()).containsExactly("day", "夜");
            assertThat(p.probabilities().get(0) + p.probabilities().get(1)).isBetween(1 - 1e-9, 1 + 1e-9);
            assertThat(p.probability()).isGreaterThanOrEqualTo(0.5);
            assertThat(classifier.classify(night)).isEqualTo(p);
            for (int i = 0; i < test.n(); i++) { // prediction and evaluation compute the same probabilities
                Prediction same = classifier.classify(test.samples().get(i).path());
                assertThat(same.probabilities()).isEqualTo(test.probabilities().get(i));
                assertThat(same.raw().probability()).isNotEqualTo(same.probability());
                assertThat(same.raw().classIndex()).isEqualTo(same.classIndex());
            }
        }
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Shape of X [N, C, H, W]: torch.Size([8, 3, 32, 32])")
                .contains("Classes: {'day': 0, '夜': 1}")
                .containsPattern("Epoch: 8, Train_acc:[0-9.]+%, Train_loss:[0-9.]+, Val_acc:[0-9.]+%, Val_loss:");
    }

    @Test
    void temperatureImprovesValidationLikelihoodAndKeepsWeights() throws Exception {
        Run run = Trainer.train(recipe, root.resolve("run"));
        RunEvaluator evaluator = new RunEvaluator(run);
        RunEvaluation evaluated = evaluator.evaluateSplit(Subset.VAL, null, (a, b) -> {});
        Evaluation val = evaluated.evaluation();
        assertThat(val.temperature().value()).isEqualTo(run.readBestManifest().temperature());
        assertThat(val.nll()).isLessThan(val.metric("nll_raw").orNaN());
        assertThat(evaluated.testEvaluations()).isEmpty();
        assertThat(evaluated.testEvaluationsInWords()).isEmpty();
        assertThat(run.testEvaluations()).isEqualTo(1);
        assertThat(Files.readString(run.file("log.txt")))
                .containsPattern(
                        "Calibration: temperature [0-9.]+( \\(a bound of .*\\))?, fitted on the 6 validation images")
                .contains("The test set has been evaluated once\n");
        Checkpoint best = run.readBest();
        run.saveBest(best.withManifest(best.manifest().withTemperature(3)));
        byte[] before = Files.readAllBytes(run.file("best.pth"));
        run.writePth(run.readBest());
        assertThat(Files.readAllBytes(run.file("best.pth"))).isEqualTo(before);
        assertThat(run.readBest().weights().tensors().keySet())
                .isEqualTo(best.weights().tensors().keySet());
        RunEvaluation all = evaluator.evaluateAll(null, (a, b) -> {});
        assertThat(all.evaluation().n()).isEqualTo(40);
        assertThat(all.testEvaluations()).hasValue(2);
        Files.writeString(run.file("test_looks.json"), "[]");
        RunEvaluation test = evaluator.evaluateSplit(Subset.TEST, null, (a, b) -> {});
        assertThat(test.testEvaluations()).isEmpty();
        assertThat(test.testEvaluationsInWords()).contains("could not be counted", "test_looks.json: corrupt");
    }

    @Test
    void countsConcurrentTestEvaluations() throws Exception {
        Run run = Trainer.train(recipe.with("train.epochs", "1"), root.resolve("run"));
        List<Integer> counted = IntStream.range(0, 20)
                .parallel()
                .mapToObj(i -> {
                    try {
                        return run.countTestEvaluation();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .sorted()
                .toList();
        assertThat(counted).isEqualTo(IntStream.rangeClosed(2, 21).boxed().toList());
    }

    @Test
    void ordinalClassesGetOrdinalMetrics() throws Exception {
        Run run = Trainer.train(recipe.with("train.epochs", "1").with("data.ordinal", "true"), root.resolve("run"));
        JsonNode test = JsonMapper.shared()
                .readTree(Files.readString(run.file("metrics.json")))
                .get("test");
        assertThat(test.has("quadratic_weighted_kappa")).isTrue();
        assertThat(test.get("mae").asDouble())
                .isEqualTo(1 - test.get("accuracy").asDouble());
        assertThat(test.get("off_by_two_rate").asDouble()).isZero();
    }

    @Test
    void completesAndLogsNoteIfReportCannotBeWritten() throws Exception {
        Path out = root.resolve("run");
        Run run = new Trainer(new TrainListener() {
                    @Override
                    public void epoch(EpochMetrics metrics) {
                        try { // a non-empty folder cannot be replaced by a file
                            Files.createDirectories(out.resolve("report.html/obstacle"));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                })
                .train(recipe, out, null, false);
        assertThat(run.isFinished()).isTrue();
        assertThat(Files.readString(run.file("log.txt"))).contains("Note: report.html was not written: ");
        assertThat(run.file(".report.html.tmp")).doesNotExist();
    }

    @Test
    void loaderThreadsDoNotChangeWeights() throws Exception {
        Run first = Trainer.train(recipe.with("data.loaderThreads", "0"), root.resolve("a"));
        for (String threads : List.of("0", "1", "3")) {
            Run again = Trainer.train(recipe.with("data.loaderThreads", threads), root.resolve("b" + threads));
            assertThat(weights(again)).isEqualTo(weights(first));
            assertThat(history(again)).isEqualTo(history(first));
        }
        Run other = Trainer.train(recipe.with("train.seed", "1"), root.resolve("c"));
        assertThat(weights(other)).isNotEqualTo(weights(first));
    }

    @Test
    void seedRecipeSelectsOnTestSetAndLogsThatAccuracyIsOptimistic() throws Exception {
        Recipe seed = recipe.with(Map.of(
                "train.selectOn", "test",
                "data.split", "{train: 0.8, val: 0.0, test: 0.2}",
                "data.stratified", "false"));
        Run run = Trainer.train(seed, root.resolve("run"));
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Test_acc:", "optimistic: it is the best of 3 evaluations of the test set")
                .contains("Calibration: skipped", "The test set has been evaluated 4 times");
        assertThat(run.readBestManifest().temperature()).isEqualTo(1);
        assertThat(run.testEvaluations()).isEqualTo(4);
        Files.delete(run.file("test_looks.json")); // earlier versions did not write it
        assertThat(run.countTestEvaluation()).isEqualTo(5);
        assertThat(history(run).get(1)).matches("1,[^,]+,[^,]+,,,[^,]+,[^,]+,0.001");
        assertThatThrownBy(() -> new RunEvaluator(run).evaluateSplit(Subset.VAL, null, (a, b) -> {}))
                .hasMessageContaining("the run's split.csv has no images in the validation set");
    }

    @Test
    void initialisesFromRunOrWeightFile() throws Exception {
        Run first = Trainer.train(recipe, root.resolve("a"));
        Recipe frozen =
                recipe.with("train.lr", "1e-30").with("train.etaMin", "0").with("train.epochs", "1");
        Path file = first.best().resolve("weights.safetensors");
        Run fromRun = new Trainer(new TrainListener() {}).train(frozen, root.resolve("b"), first.folder(), false);
        Run fromFile = new Trainer(new TrainListener() {}).train(frozen, root.resolve("c"), file, false);
        assertThat(weights(fromRun)).isEqualTo(weights(fromFile));
        assertThat(Files.readString(fromRun.file("log.txt"))).doesNotContain("were training images of");
        Run otherSplit = new Trainer(new TrainListener() {})
                .train(frozen.with("train.seed", "5"), root.resolve("e"), first.folder(), false);
        assertThat(Files.readString(otherSplit.file("log.txt")))
                .containsPattern("Note: \\d+ of 8 test images were training images of "
                        + Pattern.quote(first.folder().toString()));
        Files.writeString(first.file("split.csv"), "damaged");
        Run unknown = new Trainer(new TrainListener() {}).train(frozen, root.resolve("f"), first.folder(), false);
        assertThat(Files.readString(unknown.file("log.txt")))
                .contains("Note: it is unknown which images the weights were trained on: ");
        assertThatThrownBy(() -> new Trainer(new TrainListener() {})
                        .train(frozen.with("model.growthRate", "4"), root.resolve("d"), file, false))
                .hasMessageContaining("with a different shape or type");
        assertThat(root.resolve("d")).doesNotExist();
    }

    @Test
    void rejectsInvalidInputBeforeWritingAnything() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> Trainer.train(recipe.with("data.imageSize", "3"), out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("data.imageSize must be at least 5");
        assertThatThrownBy(
                        () -> Trainer.train(recipe.with("data.imageSize", "6").with("data.batchSize", "25"), out))
                .hasMessageContaining("data.batchSize 25 leaves 1 image for a step (26 training images)");
        Recipe local = recipe.with("data.imageSize", "6")
                .with("train.batchNorm", "local")
                .with("train.engine", "fused")
                .with("train.shards", "4");
        assertThatThrownBy(() -> Trainer.train(local.with("data.batchSize", "7"), out))
                .hasMessageContaining("train.shards 4 leaves 1 image for a shard (batches of 7 and 5 images)");
        Files.writeString(root.resolve("data/day/broken.png"), "no");
        assertThatThrownBy(() -> Trainer.train(recipe, out))
                .hasMessageContaining("broken.png: not an image in a supported format");
        assertThat(out).doesNotExist();
        Files.createDirectories(out);
        assertThatThrownBy(() -> Trainer.train(recipe, out))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("choose another --out");
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left.map(p -> p.getFileName().toString())).containsExactlyInAnyOrder("data", "run");
        }
    }

    @Test
    void evaluationRejectsTrainedAndChangedImages() throws Exception {
        Run run = Trainer.train(recipe.with("train.epochs", "1"), root.resolve("run"));
        RunEvaluator evaluator = new RunEvaluator(run);
        assertThatThrownBy(() -> evaluator.evaluateFolder(root.resolve("data"), false, (a, b) -> {}))
                .hasMessageContaining("26 of 40 images are in the run's training set");
        assertThat(evaluator
                        .evaluateFolder(root.resolve("data"), true, (a, b) -> {})
                        .evaluation()
                        .n())
                .isEqualTo(40);
        Files.move(root.resolve("data"), root.resolve("elsewhere"));
        assertThatThrownBy(() -> evaluator.evaluateSplit(Subset.TEST, null, (a, b) -> {}))
                .hasMessageContaining("no such folder; give the new location of the run's images");
        assertThat(evaluator
                        .evaluateAll(root.resolve("elsewhere"), (a, b) -> {})
                        .evaluation()
                        .n())
                .isEqualTo(40);
        byte[] other = Files.readAllBytes(root.resolve("elsewhere/day/001.png"));
        Files.write(root.resolve("elsewhere/day/000.png"), other);
        assertThatThrownBy(() -> evaluator.evaluateAll(root.resolve("elsewhere"), (a, b) -> {}))
                .hasMessageContaining("000.png: changed since the run started, its SHA-256 differs from split.csv");
        Files.delete(root.resolve("elsewhere/day/000.png"));
        assertThatThrownBy(() -> evaluator.evaluateAll(root.resolve("elsewhere"), (a, b) -> {}))
                .hasMessageContaining("000.png: missing");
    }

    @Test
    void notifiesListenerOfEveryStepAndEpoch() throws Exception {
        List<String> events = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void step(
                            int epoch, int epochs, int batch, int batches, double loss, double imagesPerSecond) {
                        events.add(epoch + ":" + batch + "/" + batches);
                    }

                    @Override
                    public void epoch(EpochMetrics metrics) {
                        events.add("epoch " + metrics.epoch());
                    }
                })
                .train(recipe.with("train.epochs", "2"), root.resolve("run"), null, false);
        assertThat(events)
                .containsExactly(
                        "1:1/4", "1:2/4", "1:3/4", "1:4/4", "epoch 1", "2:1/4", "2:2/4", "2:3/4", "2:4/4", "epoch 2");
    }
}
