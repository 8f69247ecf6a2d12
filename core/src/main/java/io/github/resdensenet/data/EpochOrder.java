package io.github.resdensenet.data;

import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;

/** The order of the images in an epoch. */
public enum EpochOrder {
    /** The order of the samples. */
    SEQUENTIAL,
    /** Each image once, in a random order for each epoch. */
    SHUFFLED,
    /**
     * As many images as there are, all classes equally often, in a random order for each epoch. Images of a small class are
     * repeated, in turn; of a large class, each epoch takes other images.
     */
    BALANCED;

    private static final long SHUFFLE = 1;
    private static final long BALANCE = 6;

    /**
     * Returns the rows of an epoch.
     *
     * @param rows the rows of the samples
     * @param classOf the class index of a row
     */
    int[] of(int[] rows, IntUnaryOperator classOf, long seed, int epoch) {
        return switch (this) {
            case SEQUENTIAL -> rows;
            case SHUFFLED -> shuffled(rows, seed, epoch);
            case BALANCED -> shuffled(balanced(rows, classOf, seed, epoch), seed, epoch);
        };
    }

    private static int[] shuffled(int[] rows, long seed, int epoch) {
        int[] permutation = KeyedRandom.of(seed, SHUFFLE, epoch).permutation(rows.length);
        return Arrays.stream(permutation).map(i -> rows[i]).toArray();
    }

    private static int[] balanced(int[] rows, IntUnaryOperator classOf, long seed, int epoch) {
        Map<Integer, List<Integer>> byClass = new TreeMap<>();
        for (int row : rows) {
            byClass.computeIfAbsent(classOf.applyAsInt(row), c -> new ArrayList<>())
                    .add(row);
        }
        List<List<Integer>> classes = List.copyOf(byClass.values());
        int[] balanced = new int[rows.length];
        int at = 0;
        for (int c = 0; c < classes.size(); c++) {
            List<Integer> members = classes.get(c);
            int share = (int) ((long) rows.length * (c + 1) / classes.size()) - at;
            int[] order = new int[0];
            for (int i = 0; i < share; i++) {
                int k = i % members.size();
                if (k == 0) { // again all images of the class
                    order = KeyedRandom.of(seed, BALANCE, epoch, c, i).permutation(members.size());
                }
                balanced[at++] = members.get(order[k]);
            }
        }
        return balanced;
    }

    /** For each position of an order, how often its row has come before; only balanced orders repeat rows. */
    int[] repeats(int[] order) {
        if (this != BALANCED) {
            return new int[order.length];
        }
        Map<Integer, Integer> seen = new HashMap<>();
        return Arrays.stream(order)
                .map(row -> seen.merge(row, 1, Integer::sum) - 1)
                .toArray();
    }
}
