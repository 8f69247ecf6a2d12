package io.github.resdensenet.eval;

import io.github.resdensenet.transforms.KeyedRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the figures would be had other pictures been drawn: pictures, or whole groups of them, are drawn with
 * replacement, as many as there are (B. Efron, 1979). The draws have keys, so the same answers have the same intervals.
 */
final class Bootstrap {
    private static final long KEY = 17;
    /** Share of the draws in which a figure must have a value for an interval. */
    private static final double ENOUGH = 0.9;

    private final double[][] draws;

    private Bootstrap(double[][] draws) {
        this.draws = draws;
    }

    /**
     * Draws.
     *
     * @param group each picture's group, from 0 on
     * @param groups number of groups
     */
    static Bootstrap of(List<Family> families, int[] group, int groups, int draws) {
        int figures = families.stream().mapToInt(f -> f.quantities().size()).sum();
        double[][] byFigure = new double[figures][draws];
        IntStream.range(0, draws).parallel().forEach(d -> {
            int[] drawn = new int[groups];
            KeyedRandom random = KeyedRandom.of(KEY, d);
            for (int i = 0; i < groups; i++) {
                drawn[random.nextInt(groups)]++;
            }
            int[] times = new int[group.length];
            Arrays.setAll(times, i -> drawn[group[i]]);
            double[] values = measure(families, times);
            for (int f = 0; f < figures; f++) {
                byFigure[f][d] = values[f];
            }
        });
        return new Bootstrap(byFigure);
    }

    /** All figures, family after family. */
    static double[] measure(List<Family> families, int[] times) {
        double[] values = new double
                [families.stream().mapToInt(f -> f.quantities().size()).sum()];
        int at = 0;
        for (Family family : families) {
            family.measure(times, values, at);
            at += family.quantities().size();
        }
        return values;
    }

    /** The middle 95% of a figure's draws; empty if too few have a value or all have the same. */
    Optional<Interval> interval(int figure) {
        double[] sorted = Arrays.stream(draws[figure])
                .filter(value -> !Double.isNaN(value))
                .sorted()
                .toArray();
        if (sorted.length < ENOUGH * draws[figure].length || sorted[0] == sorted[sorted.length - 1]) {
            return Optional.empty();
        }
        return Optional.of(new Interval(quantile(sorted, 0.025), quantile(sorted, 0.975)));
    }

    /**
     * The interval of a figure of at least 0 that grows by chance. A draw is above the value as the value is above the
     * truth, so the middle of the draws is mirrored at the value; it is kept inside.
     */
    Optional<Interval> mirrored(int figure, double value) {
        return interval(figure)
                .map(ci -> new Interval(Math.max(0, 2 * value - ci.high()), Math.max(value, 2 * value - ci.low())));
    }

    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int below = (int) at;
        double above = sorted[Math.min(below + 1, sorted.length - 1)];
        return sorted[below] + (at - below) * (above - sorted[below]);
    }
}
