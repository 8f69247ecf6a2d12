package io.github.resdensenet.eval;

import org.apache.commons.statistics.interval.BinomialConfidenceInterval;
import org.apache.commons.statistics.interval.Interval;

/**
 * The 95% score interval of a share (E. B. Wilson, 1927).
 *
 * @param low lower bound, 0 to 1
 * @param high upper bound, 0 to 1
 */
public record Wilson(double low, double high) {
    /** For {@code hits} of {@code n}; with n = 0 nothing is known and the interval is 0 to 1. */
    public static Wilson of(long hits, long n) {
        if (n == 0) {
            return new Wilson(0, 1);
        }
        Interval interval =
                BinomialConfidenceInterval.WILSON_SCORE.fromErrorRate(Math.toIntExact(n), Math.toIntExact(hits), 0.05);
        return new Wilson(interval.getLowerBound(), interval.getUpperBound());
    }
}
