package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.optim.LrSchedule;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest.Progress;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.RunLog;
import io.github.resdensenet.train.TrainingSetup.ImageProgress;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;

/** The training loop. */
final class TrainingLoop {
    private final TrainingSetup setup;
    private final Run run;
    private final List<TrainListener> listeners;
    private final RunLog log;
    private final ProcessGroup group;

    TrainingLoop(TrainingSetup setup, Run run, List<TrainListener> listeners, RunLog log, ProcessGroup group) {
        this.setup = setup;
        this.run = run;
        this.listeners = listeners;
        this.log = log;
        this.group = group;
    }

    /** Trains from a state and a history to the end. They determine all steps, so a resumed run continues exactly. */
    void fit(Progress state, History history) throws IOException {
        int epochs = setup.recipe().train().epochs();
        LrSchedule schedule = setup.schedule(history);
        DataLoader train = setup.loaders().train();
        if (state.step() > 0) { // resumed
            writeHistory(state, history);
        }
        try (Checkpointer checkpointer = new Checkpointer(run, setup)) {
            try {
                while (!setup.recipe().train().endsAfter(state.epoch(), state.bestEpoch())) {
                    long mark = System.nanoTime();
                    for (Batch batch : train.epoch(state.epoch(), state.batch())) {
                        Engine.Step step = setup.step(batch, state, setup.lr(schedule, state));
                        double seconds = (System.nanoTime() - mark) / 1e9;
                        mark = System.nanoTime();
                        state = state.afterStep(step.correct(), step.loss(), seconds, step.number());
                        reportBatch(train, epochs, state);
                        if (setup.endsStep(state.batch())) {
                            checkStopped();
                            if (checkpointer.isDue() && state.batch() < train.batches()) {
                                checkpointer.save(state, history, false);
                            }
                        }
                    }
                    setup.checkReplicas();
                    ImageProgress progress = group.size() == 1 ? this::reportEvaluationOrStop : this::reportEvaluation;
                    EpochMetrics metrics = setup.evaluate(run, state, schedule.at(state.epoch(), 0), progress);
                    schedule = schedule.after(metrics.loss());
                    metrics = metrics.withNextLr(schedule.at(state.epoch() + 1, 0));
                    boolean best = metrics.acc() > state.bestAccuracy();
                    state = (best ? state.withBest(metrics.epoch(), metrics.acc()) : state).afterEpoch();
                    history = history.with(metrics);
                    checkpointer.save(state, history, best);
                    writeHistory(state, history);
                    log.say(metrics.line());
                    log.write(run);
                    for (TrainListener listener : listeners) {
                        listener.epoch(metrics);
                    }
                }
                if (state.epoch() < epochs) {
                    log.say("Ended early: no epoch after epoch " + state.bestEpoch() + " was better (train.patience "
                            + setup.recipe().train().patience() + ")");
                }
                checkpointer.await();
                log.say(checkpointer.summary(history));
                finish(state, history);
            } catch (CancellationException e) {
                if (!setup.recipe().train().endsAfter(state.epoch(), state.bestEpoch())) {
                    checkpointer.save(state, history, false);
                    checkpointer.await();
                }
                log.say("Stopped after " + state.epoch() + " epochs and " + state.batch() + " batches");
                log.write(run);
                throw new CancellationException("stopped");
            } catch (ArithmeticException e) {
                checkpointer.await();
                throw new ArithmeticException(
                        e.getMessage() + (setup.isWriter() ? "; the last good checkpoint is " + run.last() : ""));
            }
        }
    }

    /** Restores the best weights, calibrates the model and tells the listeners. */
    private void finish(Progress state, History history) throws IOException {
        if (!setup.isWriter()) {
            return;
        }
        TrainListener.Trained trained =
                setup.validation().finish(run, state, history, log, this::reportEvaluationOrStop);
        log.say("Best epoch: " + state.bestEpoch() + ", selected on the "
                + setup.validation().subset().title() + " set");
        for (TrainListener listener : listeners) {
            listener.trained(trained);
        }
        log.write(run);
    }

    private void writeHistory(Progress state, History history) throws IOException {
        history.write(run.file("history.csv"));
        for (TrainListener listener : listeners) {
            listener.historyWritten(run, setup.recipe(), history, state.bestEpoch());
        }
    }

    private void reportBatch(DataLoader train, int epochs, Progress state) {
        int seen = Math.min(state.batch() * train.batchSize(), train.count());
        double loss = state.lossSum() / state.batch();
        double rate = seen / state.seconds();
        listeners.forEach(l -> l.step(state.epoch() + 1, epochs, state.batch(), train.batches(), loss, rate));
    }

    private void reportEvaluation(int done, int total) {
        listeners.forEach(l -> l.evaluating(done, total));
    }

    private void reportEvaluationOrStop(int done, int total) {
        reportEvaluation(done, total);
        if (group.isStopRequested()) {
            throw new CancellationException();
        }
    }

    private void checkStopped() {
        if (group.isStopAgreed()) {
            throw new CancellationException();
        }
    }
}
