package io.github.resdensenet.data;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Stratified folds of whole groups, for cross-validation.
 *
 * <p>Groups are assigned one by one, the largest first. Each goes to the fold that keeps the standard deviation of the
 * class fractions over the folds smallest, as in scikit-learn's {@code StratifiedGroupKFold}. If every image is its own
 * group, the numbers of images per class and in total differ by at most 1 between the folds, as in {@code
 * StratifiedKFold}.
 */
final class Folds {
    private static final long FOLDS = 1L << 33; // in place of a class index

    private final ImageFolder data;
    private final List<List<Integer>> groups;
    private final List<Integer> totals;
    private final long[][] counts;

    private Folds(ImageFolder data, List<List<Integer>> groups, int folds) {
        this.data = data;
        this.groups = groups;
        this.totals = data.counts();
        this.counts = new long[folds][totals.size()];
    }

    /**
     * The split in which one fold is the test set.
     *
     * @param folds number of folds, at least 2
     * @param fold the fold that is the test set, from 0
     * @param valFraction fraction of the other images that is the validation set; 0 for none
     * @param groups the group of each sample, as numbers
     * @throws IllegalArgumentException if a class has fewer groups than folds, or too few for the validation set
     */
    static Split split(ImageFolder data, int folds, int fold, double valFraction, int[] groups, long seed) {
        List<List<Integer>> shuffled = GroupedSplit.shuffled(groups, KeyedRandom.of(seed, Split.KEY, FOLDS, folds));
        checkGroups(data, shuffled, folds);
        int[] assigned = new Folds(data, shuffled, folds).assign(groups.length);
        Subset[] subsets = new Subset[groups.length];
        Arrays.setAll(subsets, i -> assigned[i] == fold ? Subset.TEST : Subset.TRAIN);
        List<List<Integer>> others = shuffled.stream()
                .filter(group -> assigned[group.get(0)] != fold)
                .toList();
        if (valFraction > 0) {
            validate(data, others, valFraction, subsets);
        }
        Split split = new Split(Arrays.asList(subsets));
        check(data, split, valFraction);
        return split;
    }

    private static void checkGroups(ImageFolder data, List<List<Integer>> groups, int folds) {
        int[] perClass = groupsPerClass(data, groups);
        List<Integer> images = data.counts();
        for (int c = 0; c < perClass.length; c++) {
            if (perClass[c] < folds) {
                throw new IllegalArgumentException(
                        data.root().resolve(data.classes().get(c)) + ": "
                                + images.get(c) + " images"
                                + (perClass[c] < images.get(c)
                                        ? " in " + perClass[c] + (perClass[c] == 1 ? " group" : " groups")
                                                + " (duplicates are one group)"
                                        : "")
                                + " are too few for " + folds + " folds; a class needs at least one "
                                + (perClass[c] < images.get(c) ? "group" : "image") + " per fold");
            }
        }
    }

    private static int[] groupsPerClass(ImageFolder data, List<List<Integer>> groups) {
        int[] perClass = new int[data.classes().size()];
        for (List<Integer> group : groups) {
            int[] counts = GroupedSplit.counts(data, group);
            for (int c = 0; c < counts.length; c++) {
                perClass[c] += counts[c] > 0 ? 1 : 0;
            }
        }
        return perClass;
    }

    /** The fold of each image. */
    private int[] assign(int n) {
        List<Group> sorted = groups.stream()
                .map(this::group)
                .sorted(Comparator.comparingInt((Group group) -> -group.members.size())
                        .thenComparingInt(group -> group.classes[0]))
                .toList();
        long[] squares = new long[totals.size()];
        long[] sums = new long[totals.size()];
        long[] sizes = new long[counts.length];
        int[] assigned = new int[n];
        for (Group group : sorted) {
            int best = 0;
            double least = Double.POSITIVE_INFINITY;
            for (int fold = 0; fold < counts.length; fold++) {
                double deviation = deviation(group, fold, squares, sums);
                if (deviation < least || (deviation == least && sizes[fold] < sizes[best])) {
                    best = fold;
                    least = deviation;
                }
            }
            for (int k = 0; k < group.classes.length; k++) {
                int c = group.classes[k];
                squares[c] += square(counts[best][c] + group.counts[k]) - square(counts[best][c]);
                sums[c] += group.counts[k];
                counts[best][c] += group.counts[k];
            }
            sizes[best] += group.members.size();
            for (int i : group.members) {
                assigned[i] = best;
            }
        }
        return assigned;
    }

    /**
     * The standard deviations of the class fractions over the folds, added up over the classes of a group, if the group
     * is added to a fold. The deviations of the other classes do not depend on the fold.
     */
    private double deviation(Group group, int fold, long[] squares, long[] sums) {
        double all = 0;
        for (int k = 0; k < group.classes.length; k++) {
            int c = group.classes[k];
            long square = squares[c] + square(counts[fold][c] + group.counts[k]) - square(counts[fold][c]);
            long variance = counts.length * square - square(sums[c] + group.counts[k]); // of the counts, scaled
            all += Math.sqrt((double) variance) / totals.get(c);
        }
        return all;
    }

    private static long square(long value) {
        return value * value;
    }

    /** A group with its classes and the number of images of each of them. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Group(List<Integer> members, int[] classes, int[] counts) {}

    private Group group(List<Integer> members) {
        int[] all = GroupedSplit.counts(data, members);
        int[] classes = IntStream.range(0, all.length).filter(c -> all[c] > 0).toArray();
        int[] counts = Arrays.stream(classes).map(c -> all[c]).toArray();
        return new Group(members, classes, counts);
    }

    /** Moves groups from the training set to the validation set. */
    private static void validate(ImageFolder data, List<List<Integer>> groups, double valFraction, Subset[] subsets) {
        int[] perClass = groupsPerClass(data, groups);
        int[] images = new int[perClass.length];
        groups.forEach(group -> {
            int[] counts = GroupedSplit.counts(data, group);
            Arrays.setAll(images, c -> images[c] + counts[c]);
        });
        double[] val = new double[perClass.length];
        Arrays.setAll(val, c -> perClass[c] < 2 ? valFraction * images[c] : Math.max(1, valFraction * images[c]));
        double[] train = new double[perClass.length];
        Arrays.setAll(train, c -> images[c] - val[c]);
        Map<Subset, double[]> wanted = new EnumMap<>(Subset.class);
        wanted.put(Subset.TRAIN, train);
        wanted.put(Subset.VAL, val);
        List<List<Integer>> sorted = new ArrayList<>(groups);
        sorted.sort(Comparator.comparingInt(group -> -group.size()));
        GroupedSplit.assign(data, sorted, wanted, subsets);
    }

    private static void check(ImageFolder data, Split split, double valFraction) {
        if (valFraction > 0 && split.rows(Subset.VAL).length == 0) {
            throw new IllegalArgumentException(
                    data.root() + ": too few images for these folds, the validation set would be empty");
        }
        List<Integer> trained = split.counts(data, Subset.TRAIN);
        if (trained.contains(0)) {
            throw new IllegalArgumentException(
                    data.root().resolve(data.classes().get(trained.indexOf(0)))
                            + ": too few groups of this class for these folds, none is in the training set");
        }
    }
}
