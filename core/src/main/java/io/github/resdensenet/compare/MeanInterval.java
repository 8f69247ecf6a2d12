package io.github.resdensenet.compare;

import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A mean and its 95% interval by Student's t distribution (Student, 1908).
 *
 * @param mean the values' mean
 * @param halfWidth half the interval's width; infinite for a single value, of which no spread is known
 */
record MeanInterval(double mean, double halfWidth) {
    static MeanInterval of(List<Double> values) {
        int n = values.size();
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        if (n == 1) {
            return new MeanInterval(mean, Double.POSITIVE_INFINITY);
        }
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        double t = TDistribution.of(n - 1).inverseSurvivalProbability(0.025);
        return new MeanInterval(mean, t * Math.sqrt(squares / (n - 1) / n));
    }

    double low() {
        return mean - halfWidth;
    }

    double high() {
        return mean + halfWidth;
    }

    /** Whether the spread is known. */
    boolean isKnown() {
        return Double.isFinite(halfWidth);
    }
}
