package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.RunLock;
import io.github.resdensenet.checkpoint.Weights;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.report.EventReader;
import io.github.resdensenet.testkit.Pictures;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Normalize;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeTest {
    private static final String EVERY_STEP = "1e-9";

    @TempDir
    private Path root;

    private Recipe recipe;

    @BeforeEach
    void makePictures() throws Exception {
        recipe = TinyRecipe.on(Pictures.folder(root.resolve("data"), 12, 20, "夜", "day"));
    }

    /** Everything that training leaves behind and that must not depend on when it was interrupted. */
    private static String outcome(Run run) throws IOException {
        List<String> history = Files.readAllLines(run.file("history.csv")).stream()
                .map(line -> line.replaceAll(",[^,]*,[^,]*$", ""))
                .toList();
        StringBuilder all = new StringBuilder(history.toString());
        for (Path checkpoint : List.of(run.last(), run.best())) {
            for (String file : List.of("weights.safetensors", "optimizer.safetensors")) {
                all.append(Digest.sha256(checkpoint.resolve(file))).append('\n');
            }
        }
        return all + Files.readString(run.file("metrics.json"));
    }

    /** Stops after a number of steps. */
    private static Trainer stopping(int afterSteps) {
        Trainer[] trainer = new Trainer[1];
        int[] steps = {0};
        trainer[0] = new Trainer(new TrainListener() {
            @Override
            public void step(int epoch, int epochs, int step, int ofSteps, double loss, double rate) {
                if (++steps[0] == afterSteps) {
                    trainer[0].stop();
                }
            }
        });
        return trainer[0];
    }

    private static List<String> messages(Path run, int epochs) throws IOException {
        List<String> messages = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void message(String line) {
                        messages.add(line);
                    }
                })
                .resume(run, epochs);
        return messages;
    }

    @ParameterizedTest
    @ValueSource(strings = {"fused", "reference"})
    void stoppedAtAnyBatchItComesToTheSameBytes(String engine) throws Exception {
        Recipe one = recipe.with("train.engine", engine);
        String unbroken = outcome(Trainer.train(one, root.resolve("unbroken")));
        int steps = 2 * 3;
        int failed = 0;
        for (String threads : List.of("1", "2", "4")) {
            for (int stop = 1; stop <= steps; stop++) {
                Path out = root.resolve("stopped-" + threads + "-" + stop);
                Trainer trainer = stopping(stop);
                Recipe loading = one.with("data.loaderThreads", threads);
                assertThatThrownBy(() -> trainer.train(loading, out, null, false))
                        .isInstanceOf(StoppedException.class)
                        .hasMessageContaining("--resume " + out);
                assertThat(Run.open(out).isFinished()).isFalse();
                Run run = new Trainer(new TrainListener() {}).resume(out, 0);
                failed += outcome(run).equals(unbroken) ? 0 : 1;
            }
        }
        Trust.row("C8-" + engine, 3 * steps, failed, "1, 2 and 4 loader threads");
        assertThat(failed).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"concat", "add", "none", "stacked"})
    void everyFusionIsSavedLoadedAndGoesOn(String fusion) throws Exception {
        Recipe one = recipe.with("model.fusion", fusion);
        Run unbroken = Trainer.train(one, root.resolve("unbroken"));
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(one, out, null, false)).isInstanceOf(StoppedException.class);
        Run resumed = new Trainer(new TrainListener() {}).resume(out, 0);
        assertThat(outcome(resumed)).isEqualTo(outcome(unbroken));
        assertThat(resumed.readBestManifest().model().fusion()).isEqualTo(fusion);
        assertThat(new RunEvaluator(resumed)
                        .evaluateSplit(null, null, (done, total) -> {})
                        .n())
                .isEqualTo(24);
    }

    @Test
    void aDenseNetGoesOnAsWell() throws Exception {
        Recipe dense = Recipe.defaults()
                .withData(root.resolve("data"))
                .with("model.name", "densenet121")
                .with("data.imageSize", "32")
                .with("data.batchSize", "6")
                .with("train.epochs", "1")
                .with("train.threads", "2");
        String unbroken = outcome(Trainer.train(dense, root.resolve("unbroken")));
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(dense, out, null, false)).isInstanceOf(StoppedException.class);
        assertThat(outcome(new Trainer(new TrainListener() {}).resume(out, 0))).isEqualTo(unbroken);
    }

    @Test
    void theNormalisationOfTheFirstWeightsStays() throws Exception {
        Path imported = root.resolve("imported");
        try (ImageClassifier model = Models.create(recipe.model(), 2, 7)) {
            Weights weights = new Weights(ModelState.of(model), Normalize.MINUS_ONE_TO_ONE, root.resolve("w.h5"));
            Import.run(weights, recipe, List.of("a", "b"), imported);
        }
        Run whole = new Trainer(new TrainListener() {}).train(recipe, root.resolve("unbroken"), imported, false);
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(recipe, out, imported, false))
                .isInstanceOf(StoppedException.class);
        Run resumed = new Trainer(new TrainListener() {}).resume(out, 0);
        assertThat(resumed.readBest().manifest().preprocessing().normalize()).isEqualTo(Normalize.MINUS_ONE_TO_ONE);
        assertThat(outcome(resumed)).isEqualTo(outcome(whole));
        assertThat(outcome(Trainer.train(recipe, root.resolve("random")))).isNotEqualTo(outcome(whole));
    }

    @Test
    void tensorBoardSeesEachEpochOnceHoweverOftenTrainingStopped() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(StoppedException.class);
        Run run = new Trainer(new TrainListener() {}).resume(out, 0);
        new Trainer(new TrainListener() {}).resume(out, 3);
        List<Path> files;
        try (Stream<Path> list = Files.list(run.file("tb"))) {
            files = list.toList();
        }
        assertThat(files).hasSize(1);
        List<EventReader.Scalar> scalars = EventReader.scalars(Files.readAllBytes(files.get(0)));
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        assertThat(epochs).hasSize(3);
        for (EpochMetrics epoch : epochs) {
            assertThat(scalars.stream()
                            .filter(s -> s.step() == epoch.epoch() && !s.tag().endsWith("/test"))
                            .map(s -> s.tag() + " " + s.value()))
                    .containsExactly(
                            "acc/train " + (float) epoch.trainAcc(),
                            "loss/train " + (float) epoch.trainLoss(),
                            "acc/val " + (float) epoch.acc(),
                            "loss/val " + (float) epoch.loss(),
                            "lr " + (float) epoch.lr(),
                            "images_per_second " + (float) epoch.imagesPerSecond());
        }
        assertThat(scalars.stream().filter(s -> s.tag().endsWith("/test")).map(EventReader.Scalar::tag))
                .containsExactly("acc/test", "loss/test", "nll/test");
        List<EventReader.Image> images = EventReader.images(Files.readAllBytes(files.get(0)));
        assertThat(images).isNotEmpty().allSatisfy(image -> {
            assertThat(image.step()).isEqualTo(run.readBestManifest().progress().bestEpoch());
            BufferedImage picture = ImageIO.read(new ByteArrayInputStream(image.png()));
            assertThat(List.of((long) picture.getWidth(), (long) picture.getHeight()))
                    .isEqualTo(List.of(image.width(), image.height()));
        });
        assertThat(images.stream().map(image -> image.tag().split("/")[0]))
                .contains("Least certain")
                .isSubsetOf("Surest mistakes", "Least certain", "Surest right answers");
    }

    @Test
    void stoppedAgainAndAgainItComesToTheSameBytes() throws Exception {
        String unbroken = outcome(Trainer.train(recipe, root.resolve("unbroken")));
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(1).train(recipe, out, null, false)).isInstanceOf(StoppedException.class);
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> stopping(1).resume(out, 0)).isInstanceOf(StoppedException.class);
        }
        assertThat(outcome(new Trainer(new TrainListener() {}).resume(out, 0))).isEqualTo(unbroken);
        assertThat(Files.readString(out.resolve("log.txt"))).contains("Stopped after 0 epochs and 1 steps", "Resuming");
    }

    @Test
    void aDamagedCheckpointGivesWayToTheOneBefore() throws Exception {
        String unbroken = outcome(Trainer.train(recipe, root.resolve("unbroken")));
        Path stopped = root.resolve("stopped");
        assertThatThrownBy(() ->
                        stopping(5).train(recipe.with("train.checkpointMinutes", EVERY_STEP), stopped, null, false))
                .isInstanceOf(StoppedException.class);
        int ways = 0;
        for (String file : List.of("weights.safetensors", "optimizer.safetensors", "manifest.json")) {
            long size = Files.size(stopped.resolve("checkpoints/last").resolve(file));
            for (int i = 0; i < 13; i++) {
                Path run = root.resolve("damaged-" + file + i);
                copy(stopped, run);
                Path victim = run.resolve("checkpoints/last").resolve(file);
                if (i == 0) {
                    Files.delete(victim);
                } else {
                    byte[] bytes = Files.readAllBytes(victim);
                    int at = (int) (size * (i - 1) / 12);
                    if (i % 2 == 0) {
                        bytes = Arrays.copyOf(bytes, at);
                    } else {
                        bytes[at] ^= 0x10;
                    }
                    Files.write(victim, bytes);
                }
                List<String> said = messages(run, 0);
                assertThat(said.get(0))
                        .contains("going on from the checkpoint before")
                        .contains("last");
                assertThat(run.resolve("checkpoints/damaged")).exists();
                assertThat(outcome(Run.open(run))).isEqualTo(unbroken);
                ways++;
            }
        }
        Path run = root.resolve("no-last");
        copy(stopped, run);
        Files.move(run.resolve("checkpoints/last"), root.resolve("lost"));
        messages(run, 0);
        assertThat(outcome(Run.open(run))).isEqualTo(unbroken);
        ways++;
        Trust.row("C10", ways, 0, "each went on from the checkpoint before, and said so");
        assertThat(ways).isEqualTo(40);

        Path hopeless = root.resolve("hopeless");
        copy(stopped, hopeless);
        for (String checkpoint : List.of("last", "previous")) {
            Files.writeString(
                    hopeless.resolve("checkpoints").resolve(checkpoint).resolve("weights.safetensors"), "no");
        }
        assertThatThrownBy(() -> messages(hopeless, 0))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("no checkpoint can be used")
                .hasMessageContaining("damaged, its SHA-256");
    }

    /** What a kill may leave of a file whose first bytes were not written yet. */
    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "optimizer.safetensors", "manifest.json"})
    void anEmptyFileOfTheLastCheckpointGivesWayToTheOneBefore(String file) throws Exception {
        String unbroken = outcome(Trainer.train(recipe, root.resolve("unbroken")));
        Path run = root.resolve("stopped");
        assertThatThrownBy(
                        () -> stopping(5).train(recipe.with("train.checkpointMinutes", EVERY_STEP), run, null, false))
                .isInstanceOf(StoppedException.class);
        Files.write(run.resolve("checkpoints/last").resolve(file), new byte[0]);
        assertThat(messages(run, 0).get(0)).contains("going on from the checkpoint before");
        assertThat(outcome(Run.open(run))).isEqualTo(unbroken);
    }

    @Test
    void betweenTheTwoRenamesTheNewOneIsTaken() throws Exception {
        String unbroken = outcome(Trainer.train(recipe, root.resolve("unbroken")));
        Path out = root.resolve("run");
        assertThatThrownBy(
                        () -> stopping(4).train(recipe.with("train.checkpointMinutes", EVERY_STEP), out, null, false))
                .isInstanceOf(StoppedException.class);
        Path checkpoints = out.resolve("checkpoints");
        Files.move(checkpoints.resolve("last"), checkpoints.resolve(".new"));
        Files.move(checkpoints.resolve("best"), checkpoints.resolve(".best-before"));
        List<String> said = messages(out, 0);
        assertThat(said.get(0)).startsWith("Resuming").contains("4 in all");
        assertThat(outcome(Run.open(out))).isEqualTo(unbroken);
    }

    @Test
    void refusesARunThatIsNotTheSameAnyMore() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(StoppedException.class);
        assertThatThrownBy(() -> Trainer.train(recipe, out))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("--resume " + out);

        String yaml = Files.readString(out.resolve("recipe.yaml"));
        Files.writeString(out.resolve("recipe.yaml"), yaml.replace("lr: 0.001", "lr: 0.01"));
        assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("train.lr 0.001 -> 0.01");
        Files.writeString(out.resolve("recipe.yaml"), yaml);

        String split = Files.readString(out.resolve("split.csv"));
        Files.writeString(out.resolve("split.csv"), split.replaceFirst(",val,", ",train,"));
        assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("split.csv: was changed");
        Files.writeString(out.resolve("split.csv"), split);

        Path picture = root.resolve("data/day/000.png");
        byte[] before = Files.readAllBytes(picture);
        Files.write(picture, Files.readAllBytes(root.resolve("data/day/001.png")));
        Files.copy(picture, root.resolve("data/day/more.png"));
        Files.delete(root.resolve("data/夜/003.png"));
        assertThatThrownBy(() -> messages(out, 0))
                .hasMessageContaining("day/000.png has changed")
                .hasMessageContaining("day/more.png is new")
                .hasMessageContaining("夜/003.png is missing");
        Files.write(picture, before);

        Files.move(root.resolve("data/夜"), root.resolve("data/night"));
        assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("夜");
        assertThatThrownBy(() -> messages(root.resolve("nowhere"), 0)).hasMessageContaining("no such run folder");
    }

    @Test
    void oneTrainingAtATime() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(StoppedException.class);
        try (RunLock lock = RunLock.take(Run.open(out))) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("another process is training");
        }
        messages(out, 0);
    }

    @Test
    void aFinishedRunStaysAndCanBeTrainedLonger() throws Exception {
        Path out = root.resolve("run");
        String first = outcome(Trainer.train(recipe, out));
        assertThat(messages(out, 0)).containsExactly(out + ": finished after epoch 2; more epochs with --epochs N");
        assertThat(outcome(Run.open(out))).isEqualTo(first);
        assertThatThrownBy(() -> messages(out, 1)).hasMessageContaining("--epochs must be at least the run's 2");
        assertThat(messages(out, 4).get(0)).contains("Extended from 2 to 4 epochs");
        assertThat(Files.readAllLines(out.resolve("history.csv"))).hasSize(5);
        assertThat(Recipe.read(out.resolve("recipe.yaml")).train().epochs()).isEqualTo(4);
        assertThat(Run.open(out).isFinished()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fused", "reference"})
    void aLossThatIsNoNumberStopsInThatStepAndSparesTheCheckpoints(String engine) throws Exception {
        Path out = root.resolve("run");
        Recipe wild =
                recipe.with("train.engine", engine).with("train.lr", "1e35").with("train.weightDecay", "1e5");
        assertThatThrownBy(() -> Trainer.train(wild, out))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageMatching(
                        "(?s).*(the loss became|a gradient is not finite|a weight is no finite number).*step.*");
        Run run = Run.open(out);
        assertThat(run.isFinished()).isFalse();
        assertThat(run.recoverNewest().checkpoint().manifest().progress().step())
                .isZero();
        assertThat(run.best()).doesNotExist();
        Trust.row("T5-" + engine, 1, 0, "stopped in the first step");
    }

    @Test
    void aRunFolderThatIsTakenAwayIsNamed() throws Exception {
        Path out = root.resolve("run");
        Trainer trainer = new Trainer(new TrainListener() {
            @Override
            public void epoch(EpochMetrics metrics) {
                try {
                    Files.move(out, root.resolve("elsewhere"));
                    Files.writeString(out, "a file");
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        assertThatThrownBy(() -> trainer.train(recipe.with("train.epochs", "3"), out, null, false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(out.toString());
        assertThat(Run.open(root.resolve("elsewhere"))
                        .recoverNewest()
                        .checkpoint()
                        .manifest()
                        .progress()
                        .epoch())
                .isLessThanOrEqualTo(1);
    }

    @Test
    void thePropertiesOfTheMachineThatChangedAreSaid() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(2).train(recipe, out, null, false)).isInstanceOf(StoppedException.class);
        Run run = Run.open(out);
        Checkpoint last = run.recoverNewest().checkpoint();
        Manifest m = last.manifest();
        Map<String, String> elsewhere = new HashMap<>(m.environment());
        elsewhere.put("threads", "64");
        Manifest moved = new Manifest(
                m.model(),
                m.classes(),
                m.preprocessing(),
                m.data(),
                m.recipe(),
                m.splitSha256(),
                m.progress(),
                m.history(),
                elsewhere);
        run.saveLast(new Checkpoint(moved, last.weights(), last.optimizer()));
        assertThat(messages(out, 0)).anyMatch(line -> line.contains("threads was 64 and is 2"));
    }

    @Test
    void nativeObjectsDoNotPileUp() throws Exception {
        List<Long> live = new ArrayList<>();
        new Trainer(new TrainListener() {
                    @Override
                    public void epoch(EpochMetrics metrics) {
                        live.add(Pointer.totalCount());
                    }
                })
                .train(
                        recipe.with("train.epochs", "125").with("data.batchSize", "2"),
                        root.resolve("run"),
                        null,
                        false);
        long grown =
                live.subList(42, 125).stream().filter(n -> n > live.get(41)).count();
        Trust.row("T4", 8 * 125, grown, live.get(124) + " live native objects");
        assertThat(grown).isZero();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
