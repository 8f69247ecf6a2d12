package io.github.resdensenet.eval;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A histogram of one feature.
 *
 * @param edges ascending; bin i holds the values from edge i-1 (inclusive) to edge i (exclusive), the first and the
 *     last bin have no outer edge
 * @param counts number of values per bin
 */
public record Histogram(List<Double> edges, List<Integer> counts) {
    private static final int BINS = 10;

    /** With more bins than this, a sample of 200 images says little about each. */
    private static final int CLASS_BINS = 20;

    /** Copies the lists and checks their lengths. */
    public Histogram {
        edges = List.copyOf(edges);
        counts = List.copyOf(counts);
        if (counts.size() != edges.size() + 1) {
            throw new IllegalArgumentException("counts must be one more than edges");
        }
    }

    /** A histogram with about the same number of values in each of up to 10 bins. */
    static Histogram of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        List<Double> edges = IntStream.range(1, BINS)
                .mapToObj(i -> sorted[i * sorted.length / BINS])
                .distinct()
                .toList();
        return new Histogram(edges, count(edges, values));
    }

    /** A histogram of class indices. If there are many classes, several have one bin. */
    static Histogram ofClasses(double[] values, int classes) {
        int bins = Math.min(classes, CLASS_BINS);
        List<Double> edges = IntStream.range(1, bins)
                .mapToLong(i -> i * (long) classes / bins)
                .asDoubleStream()
                .boxed()
                .toList();
        return new Histogram(edges, count(edges, values));
    }

    private static List<Integer> count(List<Double> edges, double[] values) {
        int[] counts = new int[edges.size() + 1];
        for (double value : values) {
            counts[binOf(edges, value)]++;
        }
        return IntStream.of(counts).boxed().toList();
    }

    private static int binOf(List<Double> edges, double value) {
        int bin = 0;
        while (bin < edges.size() && value >= edges.get(bin)) {
            bin++;
        }
        return bin;
    }

    /** The bin of a value. */
    int bin(double value) {
        return binOf(edges, value);
    }

    /**
     * The population stability index of other values: the sum over bins of (q - p) ln(q / p), where p and q are the
     * fractions of both sides. Half a value is added to each bin, so that empty bins are possible.
     *
     * @param others number of other values per bin
     */
    double stabilityIndex(int[] others) {
        double n = counts.stream().mapToInt(Integer::intValue).sum() + counts.size() / 2.0;
        double m = IntStream.of(others).sum() + others.length / 2.0;
        double sum = 0;
        for (int i = 0; i < others.length; i++) {
            double p = (counts.get(i) + 0.5) / n;
            double q = (others[i] + 0.5) / m;
            sum += (q - p) * Math.log(q / p);
        }
        return sum;
    }
}
