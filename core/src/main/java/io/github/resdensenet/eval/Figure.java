package io.github.resdensenet.eval;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One figure of an evaluation.
 *
 * @param name as in JSON, for instance "macro_f1"
 * @param value the figure; empty where it has no meaning for these pictures
 * @param ci95 its 95% interval; empty where there is none
 * @param reason why the value, or else the interval, is not there; empty text if both are
 */
public record Figure(String name, OptionalDouble value, Optional<Interval> ci95, String reason) {
    /** The value, or NaN where there is none. */
    public double orNaN() {
        return value.orElse(Double.NaN);
    }
}
