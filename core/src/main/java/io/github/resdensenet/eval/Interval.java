package io.github.resdensenet.eval;

import org.apache.commons.statistics.interval.BinomialConfidenceInterval;

/**
 * A 95% confidence interval.
 *
 * @param low lower bound
 * @param high upper bound, not below the lower
 */
public record Interval(double low, double high) {
    /** Checks that the bounds are in order. */
    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("interval bounds must be in order, got " + low + " and " + high);
        }
    }

    /**
     * The 95% score interval of a proportion (E. B. Wilson, 1927).
     *
     * @param k number of successes
     * @param n number of trials; with 0 the interval is 0 to 1
     */
    public static Interval wilson(long k, long n) {
        if (n == 0) {
            return new Interval(0, 1);
        }
        var interval =
                BinomialConfidenceInterval.WILSON_SCORE.fromErrorRate(Math.toIntExact(n), Math.toIntExact(k), 0.05);
        return new Interval(interval.getLowerBound(), interval.getUpperBound());
    }
}
