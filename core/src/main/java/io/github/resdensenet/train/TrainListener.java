package io.github.resdensenet.train;

/** Told what training does, on the training thread unless said otherwise. Every method does nothing by default. */
public interface TrainListener {
    /** A line of the log. */
    default void message(String line) {}

    /** Pictures decoded and resized so far; called from the reading threads. */
    default void reading(int done, int total) {}

    /**
     * A training step was done.
     *
     * @param epoch from 1
     * @param epochs epochs in all
     * @param step steps done in this epoch
     * @param steps steps in an epoch
     * @param loss mean loss since the epoch's start
     * @param imagesPerSecond since the epoch's start
     */
    default void step(int epoch, int epochs, int step, int steps, double loss, double imagesPerSecond) {}

    /** Pictures evaluated so far. */
    default void evaluating(int done, int total) {}

    /** An epoch was done and its checkpoint saved. */
    default void epoch(EpochMetrics metrics) {}
}
