package io.github.resdensenet.train;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.FusedTraining;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Manifest.Progress;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.RunCopy;
import io.github.resdensenet.run.RunLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Trains a network by a recipe into a new run folder, or resumes a run. The training loop is {@link TrainingLoop}. Use a
 * trainer for one training run only.
 */
public final class Trainer {
    private final List<TrainListener> listeners;
    private final ProcessGroup group;
    private final RunLog log;

    /** A trainer that reports to listeners. Without {@link RunOutputs}, its runs never count as finished. */
    Trainer(List<TrainListener> listeners, ProcessGroup group) {
        this.listeners = listeners;
        this.group = group;
        this.log = new RunLog(line -> listeners.forEach(l -> l.message(line)));
    }

    /** A trainer that reports to a listener, and writes charts, report, TensorBoard events and metrics.json. */
    public Trainer(TrainListener listener) {
        this(listener, ProcessGroup.single());
    }

    /** A trainer for rank 0 of several processes; the others call {@link #join}. */
    public Trainer(TrainListener listener, ProcessGroup group) {
        this(List.of(new RunOutputs(), listener), group);
    }

    /** Trains by a recipe into a new run folder, silently; see {@link #train(Recipe, Path, Path, boolean)}. */
    public static Run train(Recipe recipe, Path out) throws IOException {
        return new Trainer(new TrainListener() {}).train(recipe, out, null, false);
    }

    /**
     * Trains by a recipe.
     *
     * @param out the run folder to create
     * @param init pretrained weights: a run folder, or a .pth, safetensors or Keras file; null for random
     *     initialisation. Images are normalised as the weights were trained
     * @param newHead whether the head keeps its random initialisation
     * @throws IOException if the images cannot be read or the folder cannot be written
     * @throws IllegalArgumentException if the recipe does not fit the images
     * @throws CancellationException after {@link #stop()}
     */
    public Run train(Recipe recipe, Path out, @Nullable Path init, boolean newHead) throws IOException {
        if (newHead && init == null) {
            throw new IllegalArgumentException("a new head needs pretrained weights");
        }
        Run.checkFree(out);
        try (TrainingSetup setup = TrainingSetup.create(recipe, init, newHead, group, log, this::reading)) {
            Progress start = Progress.start(recipe.train());
            Run run = Run.create(out, setup.checkpoint(start, History.EMPTY), setup.texts());
            try (Closeable lock = run.lock()) {
                return run(setup, run, start, History.EMPTY);
            }
        }
    }

    /**
     * Resumes a run, to its number of epochs or, if {@code epochs} is not 0, to that number. See
     * {@link #resume(Path, Map)} for errors.
     */
    public Run resume(Path folder, int epochs) throws IOException {
        if (epochs < 0) {
            throw new IllegalArgumentException("epochs must not be negative, got " + epochs);
        }
        return resume(folder, epochs == 0 ? Map.of() : Map.of("train.epochs", Integer.toString(epochs)));
    }

    /**
     * Resumes a run from its newest checkpoint, with the same order and the same augmentation: the weights become those
     * of an uninterrupted run. A finished run with no epoch left to train stays as it is.
     *
     * @param changes new values of the recipe keys train.epochs (epochs in total, at least the run's) and train.threads
     * @throws IOException if the run, its recipe or its images have changed, naming the difference
     * @throws IllegalArgumentException if another key is to change, or a value is not allowed
     * @throws CancellationException after {@link #stop()}
     */
    public Run resume(Path folder, Map<String, String> changes) throws IOException {
        Run run = Run.open(folder);
        try (Closeable lock = run.lock()) {
            Resumption from = Resumption.of(run, changes);
            if (run.isFinished() && !from.goesFurther()) {
                listeners.forEach(l -> l.message(from.nothingToDo()));
                group.barrier("run", this::checkRequest);
                RunCopy.sendNothing(group);
                return run;
            }
            log.continueFrom(run);
            from.remarks().forEach(log::say);
            try (TrainingSetup setup = TrainingSetup.resume(from, group, log, this::reading)) {
                run.reopen(setup.recipe());
                return run(setup, run, from.progress(), from.history());
            }
        }
    }

    /** Takes part in rank 0's training as another process of its group. Writes no files that remain. */
    public static void join(TrainListener listener, ProcessGroup group) throws IOException {
        Trainer trainer = new Trainer(List.of(listener), group);
        group.barrier("run", trainer::checkRequest);
        Optional<RunCopy> received = RunCopy.receive(group);
        if (received.isPresent()) {
            try (RunCopy copy = received.get()) {
                trainer.resume(copy.run().folder(), 0);
            }
        }
    }

    /**
     * Returns a recipe whose precision is fp32 or bf16. If the recipe has "auto", it is the faster one on this machine.
     */
    public static Recipe withPrecision(Recipe recipe) {
        Recipe.Train train = recipe.train();
        if (train.precision() != Precision.AUTO) {
            return recipe;
        }
        boolean fused = train.engine() != Recipe.EngineChoice.REFERENCE
                && NativeSettings.device(train.device()).is_cpu();
        return recipe.with("train.precision", fused && FusedTraining.isBf16Fast() ? "bf16" : "fp32");
    }

    /**
     * Stops training after the current step, with a checkpoint. While the images are being read, there is no run folder
     * yet, and nothing is saved. May be called from any thread.
     */
    public void stop() {
        group.requestStop();
    }

    private Run run(TrainingSetup setup, Run run, Progress state, History history) throws IOException {
        setup.describe(run, log);
        try {
            if (group.rank() == 0 && group.size() > 1) {
                group.barrier("run", this::checkRequest);
                RunCopy.send(run, group);
            }
            group.barrier("start", this::checkRequest); // the others read their images
            new TrainingLoop(setup, run, listeners, log, group).fit(state, history);
        } catch (CancellationException e) {
            throw e; // not an error
        } catch (IOException | RuntimeException | OutOfMemoryError | LinkageError e) {
            log.writeAfter(e, run);
            throw e;
        }
        return run;
    }

    private void reading(int done, int total) {
        checkRequest();
        listeners.forEach(l -> l.reading(done, total));
    }

    private void checkRequest() {
        if (group.isStopRequested()) {
            throw new CancellationException("stopped before the first step");
        }
    }
}
