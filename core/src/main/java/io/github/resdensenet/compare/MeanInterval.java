package io.github.resdensenet.compare;

import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A mean with its 95% confidence interval from Student's t distribution (Student, 1908).
 *
 * @param mean arithmetic mean
 * @param halfWidth half the width of the interval; infinite for a single value, whose spread is unknown
 * @param standardError standard error of the mean; infinite for a single value
 */
record MeanInterval(double mean, double halfWidth, double standardError) {
    static MeanInterval of(List<Double> values) {
        int n = values.size();
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        if (n == 1) {
            return new MeanInterval(mean, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        double t = TDistribution.of(n - 1).inverseSurvivalProbability(0.025);
        double standardError = Math.sqrt(squares / (n - 1) / n);
        return new MeanInterval(mean, t * standardError, standardError);
    }

    double low() {
        return mean - halfWidth;
    }

    double high() {
        return mean + halfWidth;
    }

    /** Whether the interval is finite, that is, computed from at least two values. */
    boolean isKnown() {
        return Double.isFinite(halfWidth);
    }
}
