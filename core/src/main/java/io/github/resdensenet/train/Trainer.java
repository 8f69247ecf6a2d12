package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest.Progress;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Trains a network by a recipe into a new run folder, or resumes a run. The training loop is {@link #fit}. */
public final class Trainer {
    private final List<TrainListener> listeners;
    private final RunLog log;
    private volatile boolean stopping;

    private Trainer(List<TrainListener> listeners) {
        this.listeners = listeners;
        this.log = new RunLog(listeners);
    }

    /** A trainer that reports to a listener, and writes charts, report, TensorBoard events and metrics.json. */
    public Trainer(TrainListener listener) {
        this(List.of(new RunOutputs(), listener));
    }

    /** A trainer that writes only checkpoints, history.csv and log.txt; its runs never count as finished. */
    static Trainer withoutOutputs(TrainListener listener) {
        return new Trainer(List.of(listener));
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
        Run.checkFree(out);
        try (TrainingSetup setup = TrainingSetup.create(recipe, init, newHead, log, this::reading)) {
            Progress start = Progress.start(recipe.train());
            Run run = Run.create(out, setup.checkpoint(start, History.EMPTY), setup.texts());
            try (Closeable lock = run.lock()) {
                return fit(setup, run, start, History.EMPTY);
            }
        }
    }

    /**
     * Resumes a run from its newest checkpoint, with the same order and the same augmentation: the weights become those
     * of an uninterrupted run. A finished run stays as it is.
     *
     * @param epochs epochs in total, to train longer than the run's recipe says; 0 for the recipe's number
     * @throws IOException if the run, its recipe or its images have changed, naming the difference
     * @throws CancellationException after {@link #stop()}
     */
    public Run resume(Path folder, int epochs) throws IOException {
        Run run = Run.open(folder);
        try (Closeable lock = run.lock()) {
            Resumption from = Resumption.of(run, epochs);
            if (run.isFinished() && !from.goesFurther()) {
                listeners.forEach(l -> l.message(from.nothingToDo()));
                return run;
            }
            log.continueFrom(run);
            from.remarks().forEach(log::say);
            try (TrainingSetup setup = TrainingSetup.resume(from, log, this::reading)) {
                run.reopen(setup.recipe());
                publish(setup, run, from.progress(), from.history());
                return fit(setup, run, from.progress(), from.history());
            }
        }
    }

    /** Stops the training after the current step, with a checkpoint. May be called from any thread. */
    public void stop() {
        stopping = true;
    }

    /** The training loop. State, weights and optimiser determine every later step; a checkpoint holds all three. */
    private Run fit(TrainingSetup setup, Run run, Progress state, History history) throws IOException {
        int epochs = setup.recipe().train().epochs();
        LrSchedule schedule = LrSchedule.of(setup.recipe().train());
        DataLoader train = setup.train();
        setup.describe(run, log);
        try (Checkpointer checkpointer = new Checkpointer(run, setup)) {
            try {
                while (state.epoch() < epochs) {
                    double lr = schedule.at(state.epoch());
                    long mark = System.nanoTime();
                    for (Batch batch : train.epoch(state.epoch(), state.batch())) {
                        Engine.Step step = setup.step(batch, state, lr);
                        double seconds = (System.nanoTime() - mark) / 1e9;
                        mark = System.nanoTime();
                        state = state.afterStep(step.correct(), step.loss(), seconds, step.number());
                        report(train, epochs, state);
                        checkStopped();
                        if (checkpointer.isDue() && state.batch() < train.batches()) {
                            checkpointer.save(state, history, false);
                        }
                    }
                    EpochMetrics metrics = evaluate(setup, run, state, lr, schedule.at(state.epoch() + 1));
                    boolean best = metrics.acc() > state.bestAccuracy();
                    state = (best ? state.withBest(metrics.epoch(), metrics.acc()) : state).afterEpoch();
                    history = history.with(metrics);
                    checkpointer.save(state, history, best);
                    publish(setup, run, state, history);
                    log.say(metrics.line());
                    log.write(run);
                    listeners.forEach(l -> l.epoch(metrics));
                }
                checkpointer.await();
                log.say(checkpointer.summary(history));
                finish(setup, run, state, history);
                return run;
            } catch (CancellationException e) {
                if (state.epoch() < epochs) {
                    checkpointer.save(state, history, false);
                    checkpointer.await();
                }
                log.say("Stopped after " + state.epoch() + " epochs and " + state.batch() + " steps");
                log.write(run);
                throw new CancellationException("stopped; resume with: resdensenet train --resume " + run.folder());
            } catch (ArithmeticException e) {
                checkpointer.await();
                throw new ArithmeticException(e.getMessage() + "; the last good checkpoint is " + run.last());
            }
        }
    }

    /** Evaluates the subset that selects the best epoch. */
    private EpochMetrics evaluate(TrainingSetup setup, Run run, Progress state, double lr, double nextLr)
            throws IOException {
        Subset subset = setup.selectedOn();
        setup.inference().update();
        ModelOutputs outputs = setup.outputs(subset, this::evaluating);
        if (subset == Subset.TEST) {
            run.countTestEvaluation();
        }
        if (!Double.isFinite(outputs.loss())) {
            throw new ArithmeticException("the loss on the " + subset.title() + " images became " + outputs.loss()
                    + " after epoch " + (state.epoch() + 1));
        }
        return EpochMetrics.of(state, setup.train(), subset, outputs.accuracy(), outputs.loss(), lr, nextLr);
    }

    /** Restores the best weights, calibrates them and hands them to the listeners. */
    private void finish(TrainingSetup setup, Run run, Progress state, History history) throws IOException {
        TrainListener.Trained trained = setup.finish(run, state, history, log, this::evaluating);
        log.say("Best epoch: " + state.bestEpoch() + ", selected on the "
                + setup.selectedOn().title() + " set");
        for (TrainListener listener : listeners) {
            listener.trained(trained);
        }
        log.write(run);
    }

    private void publish(TrainingSetup setup, Run run, Progress state, History history) throws IOException {
        history.write(run.file("history.csv"));
        for (TrainListener listener : listeners) {
            listener.historyWritten(run, setup.recipe(), history, state.bestEpoch());
        }
    }

    private void report(DataLoader train, int epochs, Progress state) {
        int seen = Math.min(state.batch() * train.batchSize(), train.count());
        double loss = state.lossSum() / state.batch();
        double rate = seen / state.seconds();
        listeners.forEach(l -> l.step(state.epoch() + 1, epochs, state.batch(), train.batches(), loss, rate));
    }

    private void reading(int done, int total) {
        checkStopped();
        listeners.forEach(l -> l.reading(done, total));
    }

    private void evaluating(int done, int total) {
        listeners.forEach(l -> l.evaluating(done, total));
        checkStopped();
    }

    private void checkStopped() {
        if (stopping) {
            throw new CancellationException("stopped while reading images"); // later, fit() says more
        }
    }
}
