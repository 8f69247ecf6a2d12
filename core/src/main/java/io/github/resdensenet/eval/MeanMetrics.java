package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Metrics that are means of a value per image. */
final class MeanMetrics implements MetricFamily {
    private final int n;
    private final List<Quantity> quantities = new ArrayList<>();
    private final List<double[]> values = new ArrayList<>();
    private final List<double[]> weights = new ArrayList<>();
    private final List<Proportion> proportions = new ArrayList<>();
    private final double[] equal;

    MeanMetrics(int n) {
        this.n = n;
        equal = new double[n];
        Arrays.fill(equal, 1);
    }

    /** Adds a fraction: the mean of 0 or 1 per image. */
    MeanMetrics fraction(String name, IntToDoubleFunction indicator) {
        mean(name, indicator, equal);
        proportions.set(
                proportions.size() - 1,
                new Proportion(Math.round(Arrays.stream(last()).sum()), n));
        return this;
    }

    /** Adds a mean. */
    MeanMetrics mean(String name, IntToDoubleFunction value) {
        return mean(name, value, equal);
    }

    /** Adds a weighted mean. */
    MeanMetrics mean(String name, IntToDoubleFunction value, double[] weight) {
        double[] each = new double[n];
        Arrays.setAll(each, value);
        quantities.add(new Quantity(name, ALL_CLASSES, ""));
        values.add(each);
        weights.add(weight);
        proportions.add(Proportion.NONE);
        return this;
    }

    private double[] last() {
        return values.get(values.size() - 1);
    }

    @Override
    public List<Quantity> quantities() {
        return quantities;
    }

    @Override
    public void measure(int[] times, double[] into, int at) {
        for (int q = 0; q < values.size(); q++) {
            double[] value = values.get(q);
            double[] weight = weights.get(q);
            double sum = 0;
            double total = 0;
            for (int i = 0; i < n; i++) {
                double w = times[i] * weight[i];
                sum += w * value[i];
                total += w;
            }
            into[at + q] = sum / total;
        }
    }

    @Override
    public Proportion proportion(int i) {
        return proportions.get(i);
    }
}
