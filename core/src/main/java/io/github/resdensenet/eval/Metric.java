package io.github.resdensenet.eval;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A metric of an evaluation.
 *
 * @param name the name in JSON, for instance "macro_f1"
 * @param value the value; empty if the metric is undefined for the evaluated images
 * @param ci95 the 95% confidence interval; empty if there is none
 * @param reason why the value or the interval is empty; "" if neither is
 */
public record Metric(String name, OptionalDouble value, Optional<Interval> ci95, String reason) {
    /** The value, or NaN if the metric is undefined. */
    public double orNaN() {
        return value.orElse(Double.NaN);
    }
}
