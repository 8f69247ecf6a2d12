package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * A reliability diagram: what share of the answers is right where the model is so and so sure.
 *
 * @param bins {@value #BINS} bins of the same width, from 0 to 1
 */
public record Reliability(List<Bin> bins) {
    /** Number of bins. */
    public static final int BINS = 15;

    /**
     * The answers whose confidence, the probability of the predicted class, is above {@code low} and at most
     * {@code high}.
     *
     * @param count number of them
     * @param confidence their mean confidence; 0 if there are none
     * @param accuracy share of them that is right; 0 if there are none
     */
    public record Bin(double low, double high, int count, double confidence, double accuracy) {}

    /** Keeps its own list. */
    public Reliability {
        bins = List.copyOf(bins);
    }

    /** Which bin a confidence of 0 to 1 is in. */
    static int bin(double confidence) {
        int bin = 0;
        while (bin < BINS - 1 && confidence > (bin + 1) / (double) BINS) {
            bin++;
        }
        return bin;
    }

    static Reliability of(double[] confidence, boolean[] right) {
        int[] count = new int[BINS];
        double[] sum = new double[BINS];
        int[] hits = new int[BINS];
        for (int i = 0; i < confidence.length; i++) {
            int bin = bin(confidence[i]);
            count[bin]++;
            sum[bin] += confidence[i];
            hits[bin] += right[i] ? 1 : 0;
        }
        List<Bin> bins = new ArrayList<>();
        for (int b = 0; b < BINS; b++) {
            int n = Math.max(1, count[b]);
            bins.add(new Bin(b / (double) BINS, (b + 1) / (double) BINS, count[b], sum[b] / n, (double) hits[b] / n));
        }
        return new Reliability(bins);
    }
}
