package io.github.resdensenet.eval;

import java.util.List;

/**
 * The expected calibration error (M. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015): the mean over pictures of the
 * distance between accuracy and mean confidence in the picture's bin of the {@link Reliability} diagram.
 */
final class CalibrationError implements Family {
    private final List<Quantity> quantities;
    private final int[] bins;
    private final double[] gap;

    CalibrationError(String name, double[] confidence, boolean[] right) {
        quantities = List.of(new Quantity(name, WHOLE, ""));
        bins = new int[confidence.length];
        gap = new double[confidence.length];
        for (int i = 0; i < bins.length; i++) {
            bins[i] = Reliability.bin(confidence[i]);
            gap[i] = (right[i] ? 1 : 0) - confidence[i];
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

    /** A bin's accuracy differs from its confidence by chance, and the distance counts without its sign. */
    @Override
    public boolean growsByChance() {
        return true;
    }

    @Override
    public Share share(int i) {
        return Share.NONE;
    }
}
