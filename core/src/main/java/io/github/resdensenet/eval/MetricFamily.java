package io.github.resdensenet.eval;

import java.util.List;

/** Metrics that are computed together, for the evaluated images or for a bootstrap draw of them. */
interface MetricFamily {
    /** The class index of a metric over all classes. */
    int ALL_CLASSES = -1;

    /**
     * The description of a metric.
     *
     * @param name the name in JSON
     * @param classIndex the class, or {@link #ALL_CLASSES}
     * @param undefined why the metric may be undefined, in words
     */
    record Quantity(String name, int classIndex, String undefined) {}

    /**
     * A metric that is a proportion of independent trials.
     *
     * @param successes number of successes
     * @param n number of trials
     */
    record Proportion(long successes, long n) {
        /** Stands for a metric that is not a proportion. */
        static final Proportion NONE = new Proportion(-1, -1);
    }

    /** The metrics, in the order of {@link #measure}. */
    List<Quantity> quantities();

    /**
     * Computes the metrics.
     *
     * @param times how often each image counts
     * @param into receives the values, from index {@code at} on; NaN for undefined metrics
     */
    void measure(int[] times, double[] into, int at);

    /** Whether chance increases the metrics, so that they are larger in a bootstrap draw than for the given images. */
    default boolean isBiasedUpward() {
        return false;
    }

    /** Metric {@code i} as a proportion, or {@link Proportion#NONE}. */
    Proportion proportion(int i);
}
