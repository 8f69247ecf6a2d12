package io.github.resdensenet.engine;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Mean of each channel, and the sum of squared deviations from it, over a number of values.
 *
 * @param count number of values per channel
 */
record Moments(double[] means, double[] squares, long count) {
    /**
     * Combines parts of equal size of each channel.
     *
     * @param means means of part p of channel c, at index {@code first.applyAsInt(c) + p * stride}
     * @param variances biased variances of the parts
     * @param parts number of parts per channel
     * @param count number of values per channel
     */
    static Moments of(
            float[] means, float[] variances, int channels, IntUnaryOperator first, int stride, int parts, long count) {
        double[] mean = new double[channels];
        double[] squares = new double[channels];
        for (int c = 0; c < channels; c++) {
            int from = first.applyAsInt(c);
            double sum = 0;
            for (int p = 0; p < parts; p++) {
                sum += means[from + p * stride];
            }
            mean[c] = sum / parts;
            double deviations = 0;
            for (int p = 0; p < parts; p++) {
                double deviation = means[from + p * stride] - mean[c];
                deviations += variances[from + p * stride] + deviation * deviation;
            }
            squares[c] = deviations / parts * count;
        }
        return new Moments(mean, squares, count);
    }

    /** The moments of these values and others together (T. F. Chan, G. H. Golub, R. J. LeVeque, 1983). */
    Moments and(Moments other) {
        long total = count + other.count;
        double[] mean = new double[means.length];
        double[] sums = new double[means.length];
        Arrays.setAll(mean, c -> means[c] + (other.means[c] - means[c]) * other.count / total);
        Arrays.setAll(sums, c -> {
            double difference = other.means[c] - means[c];
            return squares[c] + other.squares[c] + difference * difference * count * other.count / total;
        });
        return new Moments(mean, sums, total);
    }
}
