package io.github.resdensenet.explain;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Spearman's rank correlation: Pearson's correlation of the ranks. Equal values get the mean of their ranks. */
final class RankCorrelation {
    private RankCorrelation() {}

    /** Rank correlation, -1 to 1; 0 if all values of one array are equal. */
    static double spearman(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException(
                    "both arrays must have the same length, got " + a.length + " and " + b.length);
        }
        double[] x = ranks(a);
        double[] y = ranks(b);
        double mean = (a.length - 1) / 2.0;
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - mean) * (y[i] - mean);
            xx += (x[i] - mean) * (x[i] - mean);
            yy += (y[i] - mean) * (y[i] - mean);
        }
        return xx == 0 || yy == 0 ? 0 : xy / Math.sqrt(xx * yy);
    }

    private static double[] ranks(float[] values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] ranks = new double[values.length];
        for (int first = 0; first < order.length; ) {
            int end = first + 1;
            while (end < order.length && values[order[end]] == values[order[first]]) {
                end++;
            }
            for (int i = first; i < end; i++) {
                ranks[order[i]] = (first + end - 1) / 2.0;
            }
            first = end;
        }
        return ranks;
    }
}
