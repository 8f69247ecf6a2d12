package io.github.resdensenet.train;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.Function;

/** Receives the events of a training run, on the training thread. Every method does nothing by default. */
public interface TrainListener {
    /** A line of the log. */
    default void message(String line) {}

    /** An image was decoded and resized; {@code done} of {@code total} so far. */
    default void reading(int done, int total) {}

    /**
     * A training batch was completed. It is a step, or a part of one with {@code train.accumulate}.
     *
     * @param epoch from 1
     * @param epochs total number of epochs
     * @param batch batches completed in this epoch
     * @param batches batches per epoch
     * @param loss mean loss since the start of the epoch
     * @param imagesPerSecond throughput since the start of the epoch
     */
    default void step(int epoch, int epochs, int batch, int batches, double loss, double imagesPerSecond) {}

    /** A batch was evaluated; {@code done} of {@code total} images so far. */
    default void evaluating(int done, int total) {}

    /** An epoch was completed and its checkpoint is being saved. */
    default void epoch(EpochMetrics metrics) {}

    /**
     * history.csv was written: after each epoch, and when a run is resumed.
     *
     * @param bestEpoch from 1; 0 for none yet
     * @throws IOException if the listener cannot write a file; training ends with it
     */
    default void historyWritten(Run run, Recipe recipe, History history, int bestEpoch) throws IOException {}

    /**
     * All epochs are completed; the model has the best weights, and the best checkpoint is calibrated and saved.
     *
     * @throws IOException if the listener cannot write a file; training ends with it
     */
    default void trained(Trained training) throws IOException {}

    /**
     * A completed training run.
     *
     * @param run its run folder
     * @param recipe the resolved recipe
     * @param history all epochs
     * @param bestEpoch the best epoch, from 1
     * @param best the best checkpoint
     * @param parameters number of trainable parameters
     * @param temperature the calibration, fitted on the validation set; none without one
     * @param outputs computes the best model's outputs for a subset
     * @param log adds lines to the log
     */
    record Trained(
            Run run,
            Recipe recipe,
            History history,
            int bestEpoch,
            Checkpoint best,
            long parameters,
            Temperature temperature,
            Function<Subset, ModelOutputs> outputs,
            Consumer<String> log) {}
}
