package io.github.resdensenet.eval;

import java.util.List;

/** Figures that are computed together. What they are of the pictures and of a bootstrap draw is the same code. */
interface Family {
    /** A figure of the whole, not of one class. */
    int WHOLE = -1;

    /**
     * What is computed.
     *
     * @param name as in JSON
     * @param classIndex the class it is of, or {@link #WHOLE}
     * @param undefined when it has no value, for people
     */
    record Quantity(String name, int classIndex, String undefined) {}

    /**
     * A figure that is a share of independent cases.
     *
     * @param hits cases that count
     * @param n all cases
     */
    record Share(long hits, long n) {
        /** What no figure of a family is unless it says so. */
        static final Share NONE = new Share(-1, -1);
    }

    /** The figures, in the order of {@link #measure}. */
    List<Quantity> quantities();

    /**
     * Computes them.
     *
     * @param times how often each picture counts
     * @param into takes the values from {@code at} on; NaN where undefined
     */
    void measure(int[] times, double[] into, int at);

    /** Whether the figures grow by chance alone, so that a draw's are larger than those of what it was drawn from. */
    default boolean growsByChance() {
        return false;
    }

    /** What figure {@code i} is a share of, or {@link Share#NONE}. */
    Share share(int i);
}
