package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.optim.Optimizer;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.TestImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trainings with augmentation, optimisers, schedules, averaging and early stopping that the default recipe leaves off. */
class TrainingOptionsTest {
    @TempDir
    private Path root;

    private Recipe tiny;

    @BeforeEach
    void createImages() throws Exception {
        tiny = TinyRecipe.on(TestImages.folder(root.resolve("data"), 12, 20, "夜", "day"));
    }

    private Recipe everything(String engine, String optimizer, String schedule) {
        Map<String, String> changes = new HashMap<>();
        changes.put("data.imageSize", "48");
        changes.put("data.resize", "crop");
        changes.put("data.sampling", "balanced");
        changes.put("augment.cropScale", "0.5");
        changes.put("augment.verticalFlip", "0.5");
        changes.put("augment.rotation", "20");
        changes.put("augment.translate", "0.1");
        changes.put("augment.perspective", "0.3");
        changes.put("augment.hue", "0.1");
        changes.put("augment.blur", "1.5");
        changes.put("augment.erasing", "0.5");
        changes.put("augment.policy", "trivialaugmentwide");
        changes.put("augment.mixup", "0.4");
        changes.put("augment.cutmix", "1.0");
        changes.put("train.engine", engine);
        changes.put("train.optimizer", optimizer);
        changes.put("train.schedule", schedule);
        changes.put("train.plateauPatience", "0");
        changes.put("train.clipNorm", "1.0");
        changes.put("train.accumulate", "2");
        changes.put("train.classWeights", "balanced");
        changes.put("train.decayNormAndBias", "false");
        changes.put("train.startSize", "32");
        changes.put("train.emaDecay", "0.8");
        changes.put("train.epochs", "3");
        return tiny.with(changes);
    }

    private static Run resume(Path run) throws IOException {
        return new Trainer(new TrainListener() {}).resume(run, 0);
    }

    @ParameterizedTest
    @CsvSource({"fused, sgd, plateau", "fused, adamw, onecycle", "reference, adamw, step"})
    void resumesToIdenticalStateWithEverythingOn(String engine, String optimizer, String schedule) throws Exception {
        Recipe recipe = everything(engine, optimizer, schedule);
        String uninterrupted = ResumeTest.outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        for (int steps : List.of(1, 5)) {
            Path out = root.resolve("stopped-" + steps);
            Recipe loading = recipe.with("data.loaderThreads", "3");
            assertThatThrownBy(() -> ResumeTest.stopping(steps).train(loading, out, null, false))
                    .isInstanceOf(CancellationException.class);
            assertThat(ResumeTest.outcome(resume(out))).isEqualTo(uninterrupted);
        }
    }

    @Test
    void threadsChangeNothingWithEverythingOn() throws Exception {
        Recipe recipe = everything("fused", "sgd", "onecycle");
        String two = ResumeTest.outcome(Trainer.train(recipe, root.resolve("two")));
        Recipe one = recipe.with("train.threads", "1").with("data.loaderThreads", "0");
        assertThat(ResumeTest.outcome(Trainer.train(one, root.resolve("one")))).isEqualTo(two);
    }

    @Test
    void averageOfWeightsIsResultAndRawWeightsAreBesideIt() throws Exception {
        Run run = Trainer.train(tiny.with("train.emaDecay", "0.9"), root.resolve("run"));
        Checkpoint best = run.readBest();
        Map<String, TensorData> raw = Optimizer.rawWeights(best);
        Map<String, TensorData> averaged = best.weights().tensors();
        assertThat(raw.keySet()).isEqualTo(averaged.keySet());
        assertThat(raw.get("stem.0.weight")).isNotEqualTo(averaged.get("stem.0.weight"));
        assertThat(raw.get("stem.1.running_mean")).isNotEqualTo(averaged.get("stem.1.running_mean"));
        int epoch = best.manifest().progress().bestEpoch();
        double accuracy = new RunEvaluator(run)
                .evaluateSplit(Subset.VAL, null, (done, total) -> {})
                .evaluation()
                .accuracy();
        assertThat(accuracy)
                .isCloseTo(
                        History.read(run.file("history.csv"))
                                .epochs()
                                .get(epoch - 1)
                                .acc(),
                        within(1e-12));
        assertThat(Files.readString(run.file("log.txt"))).contains("Average of the weights: ");
    }

    @Test
    void trainingEndsWhenNoEpochIsBetter() throws Exception {
        Recipe recipe =
                tiny.with("train.epochs", "6").with("train.patience", "2").with("train.lr", "1e-30");
        Run run = Trainer.train(recipe, root.resolve("run"));
        assertThat(run.isFinished()).isTrue();
        int best = run.readBestManifest().progress().bestEpoch();
        assertThat(best).isLessThan(4);
        assertThat(History.read(run.file("history.csv")).epochs()).hasSize(best + 2);
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Ended early: no epoch after epoch " + best + " was better (train.patience 2)");
        String before = ResumeTest.outcome(run);
        List<String> messages = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void message(String line) {
                        messages.add(line);
                    }
                })
                .resume(run.folder(), 0);
        assertThat(messages).hasSize(1).first().asString().contains("ended early after epoch " + (best + 2));
        assertThat(ResumeTest.outcome(run)).isEqualTo(before);
    }

    @Test
    void logNamesClassWeightsAndSampling() throws Exception {
        Path data = TestImages.folder(root.resolve("uneven"), 20, 20, "many");
        TestImages.folder(data, 5, 20, "few");
        Recipe recipe =
                TinyRecipe.on(data).with("train.classWeights", "balanced").with("data.sampling", "balanced");
        Run run = Trainer.train(recipe, root.resolve("run"));
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Class weights in the loss: few 2.667, many 0.615")
                .contains("Sampling: balanced");
        assertThat(Files.readString(run.file("report.html"))).contains("Class weights in the loss", "few 2.667");
        Recipe wrong = TinyRecipe.on(data).with("train.classWeights", "1,2,3");
        assertThatThrownBy(() -> Trainer.train(wrong, root.resolve("wrong")))
                .hasMessage("train.classWeights must have one number per class, 2 in all, got 1,2,3");
        assertThat(root.resolve("wrong")).doesNotExist();
    }

    @Test
    void automaticSizeFitsImages() throws Exception {
        Path data = TestImages.folder(root.resolve("small"), 8, 70, "a", "b");
        Recipe recipe = TinyRecipe.on(data).with("data.imageSize", "auto");
        assertThat(recipe.toYaml()).contains("imageSize: auto");
        Run run = Trainer.train(recipe, root.resolve("run"));
        assertThat(Files.readString(run.file("log.txt")))
                .contains("Image size: 96, because the median of the images' short sides is 70 pixels");
        assertThat(run.readBestManifest().preprocessing().imageSize()).isEqualTo(96);
        assertThat(Files.readString(run.file("recipe.yaml"))).contains("imageSize: 96");
    }

    @Test
    void rejectsStartSizeBelowMinimumOfModel() {
        Recipe recipe = Recipe.defaults()
                .withData(root.resolve("data"))
                .with("data.imageSize", "64")
                .with("train.startSize", "16");
        assertThatThrownBy(() -> Trainer.train(recipe, root.resolve("run")))
                .hasMessage("train.startSize must be at least 29 for resdensenet, got 16");
    }

    @Test
    void balancedClassWeightsNeedImagesOfEachClass() throws Exception {
        Path data = TestImages.folder(root.resolve("single"), 19, 20, "many");
        TestImages.folder(data, 1, 20, "one");
        for (int seed = 0; seed < 20; seed++) { // until the random split puts the only image into the test set
            Recipe recipe = TinyRecipe.on(data)
                    .with(Map.of(
                            "data.split.train", "0.5",
                            "data.split.val", "0.0",
                            "data.split.test", "0.5",
                            "data.stratified", "false",
                            "train.selectOn", "test",
                            "train.classWeights", "balanced",
                            "train.seed", Integer.toString(seed)));
            Path out = root.resolve("run-" + seed);
            try {
                Trainer.train(recipe, out);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessage("train.classWeights balanced: class one has no training image");
                assertThat(out).doesNotExist();
                return;
            }
        }
        throw new AssertionError("the image was always in the training set");
    }

    @Test
    void automaticPrecisionIsResolvedInRun() throws Exception {
        Run run = Trainer.train(tiny.with("train.precision", "auto"), root.resolve("run"));
        assertThat(Recipe.read(run.file("recipe.yaml")).train().precision()).isNotEqualTo(Precision.AUTO);
        Recipe reference = tiny.with(Map.of("train.precision", "auto", "train.engine", "reference"));
        assertThat(Trainer.withPrecision(reference).train().precision()).isEqualTo(Precision.FP32);
    }

    @Test
    void imageSizeGrowsInFirstThreeQuartersOfEpochs() {
        ImageSizes sizes = ImageSizes.of(
                Recipe.defaults().with(Map.of("data.imageSize", "64", "train.startSize", "32", "train.epochs", "8")));
        assertThat(IntStream.range(0, 8).map(sizes::at)).containsExactly(32, 32, 32, 48, 48, 48, 64, 64);
        assertThat(sizes).hasToString("grows from 32 to 64 pixels in the first 6 epochs");
    }
}
