package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.report.EventReader;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Digest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
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
    void createImages() throws Exception {
        recipe = TinyRecipe.on(TestImages.folder(root.resolve("data"), 12, 20, "夜", "day"));
    }

    /** Returns the results of a training run that must not depend on interruptions, without times. */
    static String outcome(Run run) throws IOException {
        List<String> history = Files.readAllLines(run.file("history.csv")).stream()
                .map(line -> line.replaceAll(",[^,]*,[^,]*$", ""))
                .toList();
        return history + state(run) + Files.readString(run.file("metrics.json"));
    }

    /** Returns the SHA-256 of the weights and the optimiser state of both checkpoints. */
    private static String state(Run run) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path checkpoint : List.of(run.last(), run.best())) {
            for (String file : List.of("weights.safetensors", "optimizer.safetensors")) {
                all.append(Digest.sha256(checkpoint.resolve(file))).append('\n');
            }
        }
        return all.toString();
    }

    /** Returns a trainer that stops after a number of steps. */
    static Trainer stopping(int afterSteps) {
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
    void resumesToIdenticalStateAfterStopAtAnyBatch(String engine) throws Exception {
        Recipe base = recipe.with("train.engine", engine);
        String uninterrupted = outcome(Trainer.train(base, root.resolve("uninterrupted")));
        int steps = 2 * 3;
        int every = Extent.of(5, 1);
        int n = 0;
        int cases = 0;
        int failed = 0;
        for (String threads : List.of("1", "2", "4")) {
            for (int stop = 1; stop <= steps; stop++) {
                if (n++ % every != 0) {
                    continue;
                }
                cases++;
                Path out = root.resolve("stopped-" + threads + "-" + stop);
                Trainer trainer = stopping(stop);
                Recipe loading = base.with("data.loaderThreads", threads);
                assertThatThrownBy(() -> trainer.train(loading, out, null, false))
                        .isInstanceOf(CancellationException.class)
                        .hasMessage("stopped");
                assertThat(Run.open(out).isFinished()).isFalse();
                Run run = new Trainer(new TrainListener() {}).resume(out, 0);
                failed += outcome(run).equals(uninterrupted) ? 0 : 1;
            }
        }
        Trust.row("C8-" + engine, cases, failed, "1, 2 and 4 loader threads");
        assertThat(failed).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"concat", "add", "none", "stacked"})
    void resumesEveryFusion(String fusion) throws Exception {
        Recipe base = recipe.with("model.fusion", fusion);
        Run uninterrupted = Trainer.train(base, root.resolve("uninterrupted"));
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(base, out, null, false)).isInstanceOf(CancellationException.class);
        Run resumed = new Trainer(new TrainListener() {}).resume(out, 0);
        assertThat(outcome(resumed)).isEqualTo(outcome(uninterrupted));
        assertThat(resumed.readBestManifest().model().fusion()).isEqualTo(Fusion.of(fusion));
        assertThat(new RunEvaluator(resumed)
                        .evaluateAll(null, (done, total) -> {})
                        .evaluation()
                        .n())
                .isEqualTo(24);
    }

    @Test
    void resumesDenseNet() throws Exception {
        Recipe dense = Recipe.defaults()
                .withData(root.resolve("data"))
                .with("model.name", "densenet121")
                .with("data.imageSize", "32")
                .with("data.batchSize", "6")
                .with("train.epochs", "1")
                .with("train.threads", "2");
        Trainer trainer = new Trainer(List.of(new TrainListener() {}), ProcessGroup.single());
        String uninterrupted = state(trainer.train(dense, root.resolve("uninterrupted"), null, false));
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(dense, out, null, false)).isInstanceOf(CancellationException.class);
        assertThat(state(trainer.resume(out, 0))).isEqualTo(uninterrupted);
    }

    @Test
    void keepsNormalisationOfPretrainedWeights() throws Exception {
        Path imported = root.resolve("imported");
        try (ImageClassifier model = Models.create(recipe.model(), 2, 7)) {
            Weights weights = new Weights(ModelState.of(model), Normalize.MINUS_ONE_TO_ONE, root.resolve("w.h5"));
            weights.createRun(recipe, List.of("a", "b"), imported);
        }
        Run uninterrupted =
                new Trainer(new TrainListener() {}).train(recipe, root.resolve("uninterrupted"), imported, false);
        Path out = root.resolve("stopped");
        assertThatThrownBy(() -> stopping(2).train(recipe, out, imported, false))
                .isInstanceOf(CancellationException.class);
        Run resumed = new Trainer(new TrainListener() {}).resume(out, 0);
        assertThat(resumed.readBest().manifest().preprocessing().normalize()).isEqualTo(Normalize.MINUS_ONE_TO_ONE);
        assertThat(outcome(resumed)).isEqualTo(outcome(uninterrupted));
        assertThat(outcome(Trainer.train(recipe, root.resolve("random")))).isNotEqualTo(outcome(uninterrupted));
    }

    @Test
    void writesEachEpochToTensorBoardOnceAfterResuming() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(CancellationException.class);
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
            BufferedImage decoded = ImageIO.read(new ByteArrayInputStream(image.png()));
            assertThat(List.of((long) decoded.getWidth(), (long) decoded.getHeight()))
                    .isEqualTo(List.of(image.width(), image.height()));
        });
        assertThat(images.stream().map(image -> image.tag().split("/")[0]))
                .contains("Least confident predictions")
                .isSubsetOf(
                        "Most confident errors", "Least confident predictions", "Most confident correct predictions");
    }

    @Test
    void resumesToIdenticalStateAfterRepeatedStops() throws Exception {
        String uninterrupted = outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(1).train(recipe, out, null, false)).isInstanceOf(CancellationException.class);
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> stopping(1).resume(out, 0)).isInstanceOf(CancellationException.class);
        }
        assertThat(outcome(new Trainer(new TrainListener() {}).resume(out, 0))).isEqualTo(uninterrupted);
        assertThat(Files.readString(out.resolve("log.txt")))
                .contains("Stopped after 0 epochs and 1 batches", "Resuming");
    }

    @Test
    void resumesFromPreviousCheckpointIfLastIsCorrupt() throws Exception {
        String uninterrupted = outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        Path stopped = root.resolve("stopped");
        assertThatThrownBy(() ->
                        stopping(5).train(recipe.with("train.checkpointMinutes", EVERY_STEP), stopped, null, false))
                .isInstanceOf(CancellationException.class);
        int cases = 0;
        for (String file : List.of("weights.safetensors", "optimizer.safetensors", "manifest.json")) {
            long size = Files.size(stopped.resolve("checkpoints/last").resolve(file));
            for (int i = 0; i < 13; i += Extent.of(3, 1)) {
                Path run = root.resolve("corrupt-" + file + i);
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
                List<String> messages = messages(run, 0);
                assertThat(messages.get(0))
                        .contains("resuming from the previous checkpoint")
                        .contains("last");
                assertThat(run.resolve("checkpoints/damaged")).exists();
                assertThat(outcome(Run.open(run))).isEqualTo(uninterrupted);
                cases++;
            }
        }
        Path run = root.resolve("no-last");
        copy(stopped, run);
        Files.move(run.resolve("checkpoints/last"), root.resolve("lost"));
        messages(run, 0);
        assertThat(outcome(Run.open(run))).isEqualTo(uninterrupted);
        cases++;
        Trust.row("C10", cases, 0, "each resumed from the previous checkpoint and said so");
        assertThat(cases).isEqualTo(Extent.of(16, 40));

        Path corrupt = root.resolve("corrupt");
        copy(stopped, corrupt);
        for (String checkpoint : List.of("last", "previous")) {
            Files.writeString(corrupt.resolve("checkpoints").resolve(checkpoint).resolve("weights.safetensors"), "no");
        }
        assertThatThrownBy(() -> messages(corrupt, 0))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("no valid checkpoint")
                .hasMessageContaining("corrupt, its SHA-256");
    }

    /** A killed process can leave an empty file. */
    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "optimizer.safetensors", "manifest.json"})
    void resumesFromPreviousCheckpointIfFileOfLastIsEmpty(String file) throws Exception {
        String uninterrupted = outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        Path run = root.resolve("stopped");
        assertThatThrownBy(
                        () -> stopping(5).train(recipe.with("train.checkpointMinutes", EVERY_STEP), run, null, false))
                .isInstanceOf(CancellationException.class);
        Files.write(run.resolve("checkpoints/last").resolve(file), new byte[0]);
        assertThat(messages(run, 0).get(0)).contains("resuming from the previous checkpoint");
        assertThat(outcome(Run.open(run))).isEqualTo(uninterrupted);
    }

    /** A kill between the best and the newest checkpoint: the best one is of an epoch that is trained again. */
    @Test
    void formerBestCheckpointReturnsAfterKillBetweenBestAndNewest() throws Exception {
        Path out = root.resolve("run");
        Run run = Trainer.train(recipe, out);
        assertThat(out.resolve("checkpoints/.best-before")).doesNotExist();
        Checkpoint best = run.readBest();
        Manifest m = best.manifest();
        int epoch = m.progress().bestEpoch();
        Manifest later = changed(m, m.progress().withBest(epoch + 1, 1), m.environment());
        Path former = root.resolve("former");
        copy(run.best(), former);
        run.saveBest(new Checkpoint(later, best.weights(), best.optimizer()));
        Files.move(former, out.resolve("checkpoints/.best-before"));
        assertThat(run.readBestManifest().progress().bestEpoch()).isEqualTo(epoch + 1);

        run.recoverNewest();
        assertThat(run.readBestManifest().progress().bestEpoch()).isEqualTo(epoch);
        assertThat(out.resolve("checkpoints/.best-before")).doesNotExist();
    }

    @Test
    void replacesAMissingBestCheckpoint() throws Exception {
        Path out = root.resolve("run");
        Run run = Trainer.train(recipe, out);
        Files.delete(run.file("metrics.json"));
        AtomicFiles.deleteTree(run.best());
        assertThat(messages(out, recipe.train().epochs() + 1))
                .anyMatch(line -> line.contains("no best checkpoint") && line.contains("replaces it"));
        assertThat(run.readBestManifest().progress().bestEpoch())
                .isEqualTo(recipe.train().epochs() + 1);
    }

    @Test
    void rejectsCorruptBestCheckpointIfNoEpochRemains() throws Exception {
        Path out = root.resolve("run");
        Run run = Trainer.train(recipe, out);
        Files.delete(run.file("metrics.json")); // as if killed during the evaluation
        Files.writeString(run.best().resolve("weights.safetensors"), "no");
        assertThatThrownBy(() -> messages(out, 0))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("best")
                .hasMessageEndingWith("; no epoch remains to replace it, train longer with --epochs N");
        messages(out, recipe.train().epochs() + 1);
        assertThat(run.isFinished()).isTrue();
    }

    @Test
    void resumesToIdenticalWeightsWithAnotherNumberOfThreads() throws Exception {
        String uninterrupted = outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        Path out = root.resolve("run");
        for (String threads : List.of("1", "3")) {
            Trainer trainer = stopping(3);
            assertThatThrownBy(() -> {
                        if (Files.exists(out)) {
                            trainer.resume(out, Map.of("train.threads", threads));
                        } else {
                            trainer.train(recipe, out, null, false);
                        }
                    })
                    .isInstanceOf(CancellationException.class);
        }
        Run run = new Trainer(new TrainListener() {}).resume(out, Map.of("train.threads", "2"));
        assertThat(Recipe.read(out.resolve("recipe.yaml")).train().threads()).isEqualTo(2);
        assertThat(outcome(run)).isEqualTo(uninterrupted);
        assertThatThrownBy(() -> new Trainer(new TrainListener() {}).resume(out, Map.of("train.lr", "1")))
                .hasMessage("train.lr cannot change when a run is resumed");
    }

    @Test
    void resumesFromNewCheckpointAfterKillBetweenRenames() throws Exception {
        String uninterrupted = outcome(Trainer.train(recipe, root.resolve("uninterrupted")));
        Path out = root.resolve("run");
        assertThatThrownBy(
                        () -> stopping(4).train(recipe.with("train.checkpointMinutes", EVERY_STEP), out, null, false))
                .isInstanceOf(CancellationException.class);
        Path checkpoints = out.resolve("checkpoints");
        Files.move(checkpoints.resolve("last"), checkpoints.resolve(".new"));
        Files.move(checkpoints.resolve("best"), checkpoints.resolve(".best-before"));
        List<String> messages = messages(out, 0);
        assertThat(messages.get(0)).startsWith("Resuming").contains("(4 steps in total)");
        assertThat(outcome(Run.open(out))).isEqualTo(uninterrupted);
    }

    @Test
    void rejectsChangedRecipeSplitAndImages() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> Trainer.train(recipe, out))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("--resume " + out);

        String yaml = Files.readString(out.resolve("recipe.yaml"));
        Files.writeString(out.resolve("recipe.yaml"), yaml.replace("lr: 0.001", "lr: 0.01"));
        assertThatThrownBy(() -> messages(out, 0))
                .hasMessageContaining("recipe.yaml: changed since the training started: train.lr 0.001 -> 0.01");
        Files.writeString(out.resolve("recipe.yaml"), yaml);

        String split = Files.readString(out.resolve("split.csv"));
        Files.writeString(out.resolve("split.csv"), split.replaceFirst(",val,", ",train,"));
        assertThatThrownBy(() -> messages(out, 0))
                .hasMessageContaining("split.csv: changed since the training started");
        Files.writeString(out.resolve("split.csv"), split);

        Path image = root.resolve("data/day/000.png");
        byte[] before = Files.readAllBytes(image);
        Files.write(image, Files.readAllBytes(root.resolve("data/day/001.png")));
        Files.copy(image, root.resolve("data/day/more.png"));
        Files.delete(root.resolve("data/夜/003.png"));
        assertThatThrownBy(() -> messages(out, 0))
                .hasMessageContaining("day/000.png has changed")
                .hasMessageContaining("day/more.png is new")
                .hasMessageContaining("夜/003.png is missing");
        Files.write(image, before);

        Files.move(root.resolve("data/夜"), root.resolve("data/night"));
        assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("夜");
        assertThatThrownBy(() -> messages(root.resolve("nowhere"), 0)).hasMessageContaining("no such run folder");
    }

    @Test
    void rejectsSecondTrainingInSameRun() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(4).train(recipe, out, null, false)).isInstanceOf(CancellationException.class);
        try (Closeable lock = Run.open(out).lock()) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> messages(out, 0)).hasMessageContaining("another process is training");
        }
        messages(out, 0);
    }

    @Test
    void leavesFinishedRunUnlessMoreEpochsAreRequested() throws Exception {
        Path out = root.resolve("run");
        String first = outcome(Trainer.train(recipe, out));
        assertThat(messages(out, 0)).containsExactly(out + ": finished after epoch 2; train longer with --epochs N");
        assertThat(outcome(Run.open(out))).isEqualTo(first);
        assertThatThrownBy(() -> messages(out, 1)).hasMessageContaining("--epochs must be at least the run's 2");
        assertThat(messages(out, 4).get(0)).contains("Extended from 2 to 4 epochs");
        assertThat(Files.readAllLines(out.resolve("history.csv"))).hasSize(5);
        assertThat(Recipe.read(out.resolve("recipe.yaml")).train().epochs()).isEqualTo(4);
        assertThat(Run.open(out).isFinished()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fused", "reference"})
    void stopsAtNonFiniteLossWithoutSavingCheckpoint(String engine) throws Exception {
        Path out = root.resolve("run");
        Recipe wild =
                recipe.with("train.engine", engine).with("train.lr", "1e35").with("train.weightDecay", "1e5");
        assertThatThrownBy(() -> Trainer.train(wild, out))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageMatching(
                        "(?s).*(the loss became|a gradient is not finite|a weight is not finite).*(batch|after step) \\d+.*");
        Run run = Run.open(out);
        assertThat(run.isFinished()).isFalse();
        assertThat(run.recoverNewest().checkpoint().manifest().progress().step())
                .isZero();
        assertThat(run.best()).doesNotExist();
        assertThat(Files.readAllLines(run.file("log.txt"))).last().asString().startsWith("Ended by an error: ");
        Trust.row("T5-" + engine, 1, 0, "stopped in the first step");
    }

    @Test
    void namesRunFolderThatWasRemovedDuringTraining() throws Exception {
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
    void logsChangedEnvironment() throws Exception {
        Path out = root.resolve("run");
        assertThatThrownBy(() -> stopping(2).train(recipe, out, null, false)).isInstanceOf(CancellationException.class);
        Run run = Run.open(out);
        Checkpoint last = run.recoverNewest().checkpoint();
        Manifest m = last.manifest();
        Map<String, String> elsewhere = new HashMap<>(m.environment());
        elsewhere.put("threads", "64");
        elsewhere.put("cpu", "another");
        Manifest moved = changed(m, m.progress(), elsewhere);
        run.saveLast(new Checkpoint(moved, last.weights(), last.optimizer()));
        assertThat(messages(out, 0))
                .anyMatch(line -> line.contains("cpu was another and is "))
                .noneMatch(line -> line.contains("threads was")); // threads change no bit
    }

    private static Manifest changed(Manifest m, Manifest.Progress progress, Map<String, String> environment) {
        return new Manifest(
                m.model(),
                m.classes(),
                m.preprocessing(),
                m.data(),
                m.recipe(),
                m.splitSha256(),
                progress,
                m.history(),
                environment);
    }

    @Test
    void doesNotLeakNativeObjects() throws Exception {
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
        Trust.row("T4", 8 * 125, grown, live.get(124) + " live native objects, as before");
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
