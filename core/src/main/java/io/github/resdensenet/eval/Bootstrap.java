package io.github.resdensenet.eval;

import io.github.resdensenet.util.KeyedRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.statistics.descriptive.Quantile;

/**
 * Percentile bootstrap intervals of metrics (B. Efron, 1979).
 *
 * <p>Each draw takes n images, or n groups of images, at random with replacement from the n given ones. The random
 * numbers are seeded, so the same predictions give the same intervals.
 */
final class Bootstrap {
    /** With linear interpolation, as numpy's default. */
    private static final Quantile QUANTILES = Quantile.withDefaults().with(Quantile.EstimationMethod.HF7);

    private static final long KEY = 17;
    /** The minimum fraction of the draws in which a metric must be defined to have an interval. */
    private static final double MIN_DEFINED = 0.9;

    private final double[][] draws;

    private Bootstrap(double[][] draws) {
        this.draws = draws;
    }

    /**
     * Computes all metrics for random draws.
     *
     * @param group the group of each image, from 0 to {@code groups} - 1
     * @param groups number of groups
     * @param draws number of draws
     */
    static Bootstrap of(List<MetricFamily> families, int[] group, int groups, int draws) {
        int metrics = families.stream().mapToInt(f -> f.quantities().size()).sum();
        double[][] byMetric = new double[metrics][draws];
        IntStream.range(0, draws).parallel().forEach(d -> {
            int[] drawn = new int[groups];
            KeyedRandom random = KeyedRandom.of(KEY, d);
            for (int i = 0; i < groups; i++) {
                drawn[random.nextInt(groups)]++;
            }
            int[] times = new int[group.length];
            Arrays.setAll(times, i -> drawn[group[i]]);
            double[] values = measure(families, times);
            for (int m = 0; m < metrics; m++) {
                byMetric[m][d] = values[m];
            }
        });
        return new Bootstrap(byMetric);
    }

    /** Computes all metrics, family by family. */
    static double[] measure(List<MetricFamily> families, int[] times) {
        double[] values = new double
                [families.stream().mapToInt(f -> f.quantities().size()).sum()];
        int at = 0;
        for (MetricFamily family : families) {
            family.measure(times, values, at);
            at += family.quantities().size();
        }
        return values;
    }

    /** The middle 95% of a metric's draws; empty if the metric is undefined in too many draws, or equal in all. */
    Optional<Interval> interval(int metric) {
        double[] sorted = Arrays.stream(draws[metric])
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        if (sorted.length < MIN_DEFINED * draws[metric].length || sorted[0] == sorted[sorted.length - 1]) {
            return Optional.empty();
        }
        double[] bounds = QUANTILES.evaluate(sorted, 0.025, 0.975);
        return Optional.of(new Interval(bounds[0], bounds[1]));
    }

    /**
     * The basic bootstrap interval of a non-negative metric with an upward bias: mirroring the middle 95% of the draws at
     * the value corrects the bias. The lower bound is at least 0, the upper bound at least the value.
     */
    Optional<Interval> mirrored(int metric, double value) {
        return interval(metric)
                .map(ci -> new Interval(Math.max(0, 2 * value - ci.high()), Math.max(value, 2 * value - ci.low())));
    }
}
