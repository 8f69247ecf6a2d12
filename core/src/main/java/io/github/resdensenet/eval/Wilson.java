package io.github.resdensenet.eval;

import org.apache.commons.statistics.interval.BinomialConfidenceInterval;

/** The 95% score interval of a share (E. B. Wilson, 1927). */
public final class Wilson {
    private Wilson() {}

    /** For {@code hits} of {@code n}; with n = 0 nothing is known and the interval is 0 to 1. */
    public static Interval of(long hits, long n) {
        if (n == 0) {
            return new Interval(0, 1);
        }
        var interval =
                BinomialConfidenceInterval.WILSON_SCORE.fromErrorRate(Math.toIntExact(n), Math.toIntExact(hits), 0.05);
        return new Interval(interval.getLowerBound(), interval.getUpperBound());
    }
}
