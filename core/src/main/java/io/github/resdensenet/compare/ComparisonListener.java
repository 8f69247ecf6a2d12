package io.github.resdensenet.compare;

import io.github.resdensenet.train.TrainListener;

/** Told how far a comparison is, and what the training under way does. */
public interface ComparisonListener extends TrainListener {
    /**
     * Something begins.
     *
     * @param what what it is, for instance "training resdensenet-own-0"
     * @param number which one, from 1
     * @param of how many there are
     */
    default void begin(String what, int number, int of) {}
}
