package io.github.resdensenet.eval;

/**
 * Bounds between which a figure's true value is supposed to lie.
 *
 * @param low lower bound
 * @param high upper bound, not below the lower
 */
public record Interval(double low, double high) {
    /** Checks the order. */
    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("an interval's bounds must be in order, got " + low + " and " + high);
        }
    }
}
