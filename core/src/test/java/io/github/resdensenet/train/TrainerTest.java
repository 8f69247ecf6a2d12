package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.testkit.Pictures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    void makePictures() throws Exception {
        recipe = small(Pictures.folder(root.resolve("data"), 20, 20, "夜", "day"));
    }

    private static Recipe small(Path data) {
        return TinyRecipe.on(data).with("data.batchSize", "8").with("train.epochs", "3");
    }

    private static String weights(Run run) throws Exception {
        return Digest.sha256(run.last().resolve("weights.safetensors"))
                + Digest.sha256(run.last().resolve("optimizer.safetensors"))
                + Digest.sha256(run.best().resolve("weights.safetensors"));
    }

    /** The history without its two columns of time. */
    private static List<String> history(Run run) throws Exception {
        return Files.readAllLines(run.file("history.csv")).stream()
                .map(line -> line.replaceAll(",[^,]*,[^,]*$", ""))
                .toList();
    }

    @Test
    void learnsToTellNightFromDayAndLeavesARunThatEverythingElseUses() throws Exception {
        Run run = Trainer.train(recipe.with("train.lr", "0.01").with("train.epochs", "8"), root.resolve("run"));
        for (String file : List.of(
                "recipe.yaml", "split.csv", "history.csv", "metrics.json", "log.txt", "curves.png", "curves.svg")) {
            assertThat(run.file(file)).isNotEmptyFile();
        }
        JsonNode metrics = JsonMapper.shared().readTree(Files.readString(run.file("metrics.json")));
        assertThat(metrics.get("test").get("accuracy").asDouble()).isGreaterThanOrEqualTo(0.75);
        Evaluation test = new RunEvaluator(Run.open(run.folder())).evaluateSplit(Part.TEST, null, (a, b) -> {});
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
        assertThat(TestLooks.count(run)).isEqualTo(2);
        try (Classifier classifier = Classifier.load(run.folder())) {
            Path night = root.resolve("data/夜/000.png");
            Prediction p = classifier.classify(night);
            assertThat(classifier.classes()).containsExactly("day", "夜");
            assertThat(p.probabilities().get(0) + p.probabilities().get(1)).isBetween(1 - 1e-9, 1 + 1e-9);
            assertThat(p.probability()).isGreaterThanOrEqualTo(0.5);
            assertThat(classifier.classify(night)).isEqualTo(p);
            for (int i = 0; i < test.n(); i++) { // predict and evaluate mean the same by a probability
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
    void theTemperatureMakesTheValPicturesLikelierAndKeepsTheWeights() throws Exception {
        Run run = Trainer.train(recipe, root.resolve("run"));
        RunEvaluator evaluator = new RunEvaluator(run);
        Evaluation val = evaluator.evaluateSplit(Part.VAL, null, (a, b) -> {});
        assertThat(val.temperature().value()).isEqualTo(run.readBestManifest().temperature());
        assertThat(val.nll()).isLessThan(val.figure("nll_raw").orNaN());
        assertThat(evaluator.testLooks()).isEmpty();
        assertThat(evaluator.testLooksInWords()).isEmpty();
        assertThat(TestLooks.count(run)).isEqualTo(1);
        assertThat(Files.readString(run.file("log.txt")))
                .containsPattern("Calibration: temperature [0-9.]+, fitted on the 6 val pictures")
                .contains("The test set has been looked at 1 time\n");
        Checkpoint best = run.readBest();
        run.saveBest(best.withManifest(best.manifest().withTemperature(3)));
        byte[] before = Files.readAllBytes(run.file("best.pth"));
        run.writePth(run.readBest());
        assertThat(Files.readAllBytes(run.file("best.pth"))).isEqualTo(before);
        assertThat(run.readBest().weights().tensors().keySet())
                .isEqualTo(best.weights().tensors().keySet());
        assertThat(evaluator.evaluateSplit(null, null, (a, b) -> {}).n()).isEqualTo(40);
        assertThat(evaluator.testLooks()).hasValue(2);
        Files.writeString(run.file("test_looks.json"), "[]");
        evaluator.evaluateSplit(Part.TEST, null, (a, b) -> {});
        assertThat(evaluator.testLooks()).isEmpty();
        assertThat(evaluator.testLooksInWords()).contains("could not be counted", "test_looks.json: damaged");
    }

    @Test
    void manyCanCountTheirLooksAtOnce() throws Exception {
        Run run = Trainer.train(recipe.with("train.epochs", "1"), root.resolve("run"));
        List<Integer> counted = IntStream.range(0, 20)
                .parallel()
                .mapToObj(i -> {
                    try {
                        return TestLooks.add(run);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .sorted()
                .toList();
        assertThat(counted).isEqualTo(IntStream.rangeClosed(2, 21).boxed().toList());
    }

    @Test
    void gradesAreJudgedAsSteps() throws Exception {
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
    void aReportThatCannotBeWrittenIsALineInTheLogAndNoFailure() throws Exception {
        Path out = root.resolve("run");
        Run run = new Trainer(new TrainListener() {
                    @Override
                    public void epoch(EpochMetrics metrics) {
                        try { // something that no file can take the place of
                            Files.createDirectories(out.resolve("report.html/in the way"));
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
    void theSameSeedGivesTheSameBytesHoweverManyLoaderThreads() throws Exception {
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
    void recipeSeedChoosesOnTestAndSaysThatTheFigureIsOptimistic() throws Exception {
        Recipe seed = recipe.with(Map.of(
                "train.selectOn", "test",
                "data.split", "{train: 0.8, val: 0.0, test: 0.2}",
                "data.stratified", "false"));
        Run run = Trainer.train(seed, root.resolve("run"));
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Test_acc:", "best of 3 looks", "optimistic")
                .contains("Calibration: skipped", "The test set has been looked at 4 times");
        assertThat(run.readBestManifest().temperature()).isEqualTo(1);
        assertThat(TestLooks.count(run)).isEqualTo(4);
        Files.delete(run.file("test_looks.json")); // as an older version left it
        assertThat(TestLooks.add(run)).isEqualTo(5);
        assertThat(history(run).get(1)).matches("1,[^,]+,[^,]+,,,[^,]+,[^,]+,0.001");
        assertThatThrownBy(() -> new RunEvaluator(run).evaluateSplit(Part.VAL, null, (a, b) -> {}))
                .hasMessageContaining("no val pictures");
    }

    @Test
    void startsFromTheWeightsOfAnotherRunOrFile() throws Exception {
        Run first = Trainer.train(recipe, root.resolve("a"));
        Recipe frozen =
                recipe.with("train.lr", "1e-30").with("train.etaMin", "0").with("train.epochs", "1");
        Path file = first.best().resolve("weights.safetensors");
        Run fromRun = new Trainer(new TrainListener() {}).train(frozen, root.resolve("b"), first.folder(), false);
        Run fromFile = new Trainer(new TrainListener() {}).train(frozen, root.resolve("c"), file, false);
        assertThat(weights(fromRun)).isEqualTo(weights(fromFile));
        assertThatThrownBy(() -> new Trainer(new TrainListener() {})
                        .train(frozen.with("model.growthRate", "4"), root.resolve("d"), file, false))
                .hasMessageContaining("of another shape");
        assertThat(root.resolve("d")).doesNotExist();
    }

    @Test
    void refusesBeforeAnythingIsWritten() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> Trainer.train(recipe.with("data.imageSize", "3"), out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("data.imageSize must be at least 5");
        assertThatThrownBy(
                        () -> Trainer.train(recipe.with("data.imageSize", "6").with("data.batchSize", "25"), out))
                .hasMessageContaining("data.batchSize 25 leaves 1 image for a step (26 training images)");
        Files.writeString(root.resolve("data/day/broken.png"), "no");
        assertThatThrownBy(() -> Trainer.train(recipe, out)).hasMessageContaining("broken.png: not a picture");
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
    void refusesToJudgeOnPicturesThatChanged() throws Exception {
        Run run = Trainer.train(recipe.with("train.epochs", "1"), root.resolve("run"));
        RunEvaluator evaluator = new RunEvaluator(run);
        assertThatThrownBy(() -> evaluator.evaluateFolder(root.resolve("data"), false, (a, b) -> {}))
                .hasMessageContaining("26 of 40 pictures were trained on");
        assertThat(evaluator
                        .evaluateFolder(root.resolve("data"), true, (a, b) -> {})
                        .n())
                .isEqualTo(40);
        Files.move(root.resolve("data"), root.resolve("elsewhere"));
        assertThatThrownBy(() -> evaluator.evaluateSplit(Part.TEST, null, (a, b) -> {}))
                .hasMessageContaining("not there any more");
        assertThat(evaluator
                        .evaluateSplit(null, root.resolve("elsewhere"), (a, b) -> {})
                        .n())
                .isEqualTo(40);
        byte[] other = Files.readAllBytes(root.resolve("elsewhere/day/001.png"));
        Files.write(root.resolve("elsewhere/day/000.png"), other);
        assertThatThrownBy(() -> evaluator.evaluateSplit(null, root.resolve("elsewhere"), (a, b) -> {}))
                .hasMessageContaining("000.png: not the picture that the run split");
        Files.delete(root.resolve("elsewhere/day/000.png"));
        assertThatThrownBy(() -> evaluator.evaluateSplit(null, root.resolve("elsewhere"), (a, b) -> {}))
                .hasMessageContaining("000.png: missing");
    }

    @Test
    void tellsItsListenerEveryStepAndEpoch() throws Exception {
        List<String> events = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void step(int epoch, int epochs, int step, int steps, double loss, double imagesPerSecond) {
                        events.add(epoch + ":" + step + "/" + steps);
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
