package io.github.resdensenet.eval;

import java.util.List;

/**
 * The expected calibration error, ECE (M. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015): the mean distance between
 * accuracy and mean confidence in the bins of the {@link Reliability} diagram, weighted by the images per bin.
 */
final class CalibrationError implements MetricFamily {
    private final List<Quantity> quantities;
    private final int[] bins;
    private final double[] gap;

    CalibrationError(String name, double[] confidence, boolean[] correct) {
        quantities = List.of(new Quantity(name, ALL_CLASSES, ""));
        bins = new int[confidence.length];
        gap = new double[confidence.length];
        for (int i = 0; i < bins.length; i++) {
            bins[i] = Reliability.bin(confidence[i]);
            gap[i] = (correct[i] ? 1 : 0) - confidence[i];
        }
    }

    @Override
    public List<Quantity> quantities() {
        return quantities;
    }

    @Override
    public void measure(int[] times, double[] into, int at) {
        double[] sums = new double[Reliability.BINS];
        long n = 0;
        for (int i = 0; i < bins.length; i++) {
            sums[bins[i]] += times[i] * gap[i];
            n += times[i];
        }
        double error = 0;
        for (double sum : sums) {
            error += Math.abs(sum);
        }
        into[at] = error / n;
    }

    /** Returns true: accuracy and confidence differ by chance, and the absolute difference is never negative. */
    @Override
    public boolean isBiasedUpward() {
        return true;
    }

    @Override
    public Proportion proportion(int i) {
        return Proportion.NONE;
    }
}
