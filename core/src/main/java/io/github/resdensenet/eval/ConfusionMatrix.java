package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How often each class was taken for each class.
 *
 * @param counts rows by true class, columns by predicted class
 */
public record ConfusionMatrix(List<List<Integer>> counts) {
    /**
     * One class's figures; each is 0 where its denominator is 0.
     *
     * @param n pictures of the class
     * @param precision share of the predictions of the class that are right
     * @param recall share of the class's pictures that were found
     * @param f1 harmonic mean of the two
     */
    public record ClassScore(int n, double precision, double recall, double f1) {}

    /** Counts pairs of true and predicted class index. */
    public static ConfusionMatrix of(int classes, int[] truth, int[] predicted) {
        int[][] counts = new int[classes][classes];
        for (int i = 0; i < truth.length; i++) {
            counts[truth[i]][predicted[i]]++;
        }
        List<List<Integer>> rows = new ArrayList<>();
        for (int[] row : counts) {
            rows.add(Arrays.stream(row).boxed().toList());
        }
        return new ConfusionMatrix(List.copyOf(rows));
    }

    /** Pictures counted. */
    public int total() {
        return counts.stream().flatMap(List::stream).mapToInt(Integer::intValue).sum();
    }

    /** Pictures on the diagonal. */
    public int hits() {
        int hits = 0;
        for (int c = 0; c < counts.size(); c++) {
            hits += counts.get(c).get(c);
        }
        return hits;
    }

    /** The figures of class {@code c}. */
    public ClassScore score(int c) {
        int hits = counts.get(c).get(c);
        int actual = counts.get(c).stream().mapToInt(Integer::intValue).sum();
        int predicted = counts.stream().mapToInt(row -> row.get(c)).sum();
        return new ClassScore(actual, share(hits, predicted), share(hits, actual), share(2 * hits, predicted + actual));
    }

    /** Unweighted mean of F1 over all classes. */
    public double macroF1() {
        double sum = 0;
        for (int c = 0; c < counts.size(); c++) {
            sum += score(c).f1();
        }
        return sum / counts.size();
    }

    private static double share(int part, int whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
