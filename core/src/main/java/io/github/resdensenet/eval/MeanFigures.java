package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Figures that are means over pictures of something that each picture has. */
final class MeanFigures implements Family {
    private final int n;
    private final List<Quantity> quantities = new ArrayList<>();
    private final List<double[]> values = new ArrayList<>();
    private final List<double[]> weights = new ArrayList<>();
    private final List<Share> shares = new ArrayList<>();
    private final double[] equal;

    MeanFigures(int n) {
        this.n = n;
        equal = new double[n];
        Arrays.fill(equal, 1);
    }

    /** Adds a share: each picture has it or not. */
    MeanFigures share(String name, IntToDoubleFunction hit) {
        mean(name, hit, equal);
        shares.set(shares.size() - 1, new Share(Math.round(Arrays.stream(last()).sum()), n));
        return this;
    }

    /** Adds a mean. */
    MeanFigures mean(String name, IntToDoubleFunction value) {
        return mean(name, value, equal);
    }

    /** Adds a mean in which pictures have a weight. */
    MeanFigures mean(String name, IntToDoubleFunction value, double[] weight) {
        double[] each = new double[n];
        Arrays.setAll(each, value);
        quantities.add(new Quantity(name, WHOLE, ""));
        values.add(each);
        weights.add(weight);
        shares.add(Share.NONE);
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
            double whole = 0;
            for (int i = 0; i < n; i++) {
                double w = times[i] * weight[i];
                sum += w * value[i];
                whole += w;
            }
            into[at + q] = sum / whole;
        }
    }

    @Override
    public Share share(int i) {
        return shares.get(i);
    }
}
