package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * A reliability diagram: accuracy by confidence.
 *
 * @param bins {@value #BINS} bins of equal width, from 0 to 1
 */
public record Reliability(List<Bin> bins) {
    /** Number of bins. */
    public static final int BINS = 15;

    /**
     * The predictions with a confidence above {@code low} and at most {@code high}. The confidence is the probability
     * of the predicted class. A confidence of 0 belongs to the first bin.
     *
     * @param count number of predictions in the bin
     * @param confidence mean confidence of the predictions; 0 without predictions
     * @param accuracy fraction of correct predictions; 0 without predictions
     */
    public record Bin(double low, double high, int count, double confidence, double accuracy) {}

    /** Copies the list. */
    public Reliability {
        bins = List.copyOf(bins);
    }

    /** Index of the bin that contains a confidence of 0 to 1. */
    static int bin(double confidence) {
        int bin = 0;
        while (bin < BINS - 1 && confidence > (bin + 1) / (double) BINS) {
            bin++;
        }
        return bin;
    }

    static Reliability of(double[] confidence, boolean[] correct) {
        int[] count = new int[BINS];
        double[] sum = new double[BINS];
        int[] correctCount = new int[BINS];
        for (int i = 0; i < confidence.length; i++) {
            int bin = bin(confidence[i]);
            count[bin]++;
            sum[bin] += confidence[i];
            correctCount[bin] += correct[i] ? 1 : 0;
        }
        List<Bin> bins = new ArrayList<>();
        for (int b = 0; b < BINS; b++) {
            int n = Math.max(1, count[b]);
            double accuracy = (double) correctCount[b] / n;
            bins.add(new Bin(b / (double) BINS, (b + 1) / (double) BINS, count[b], sum[b] / n, accuracy));
        }
        return new Reliability(bins);
    }
}
