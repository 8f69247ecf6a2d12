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

    /** Pictures of class {@code c}. */
    public int pictures(int c) {
        return counts.get(c).stream().mapToInt(Integer::intValue).sum();
    }

    /** Pictures on the diagonal. */
    public int hits() {
        int hits = 0;
        for (int c = 0; c < counts.size(); c++) {
            hits += counts.get(c).get(c);
        }
        return hits;
    }
}
