package io.github.resdensenet.data;

import io.github.resdensenet.data.Split.Fractions;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Splits that keep the images of a group in one subset. */
final class GroupedSplit {
    private static final long SWAP = 1L << 32; // in place of a class index

    private GroupedSplit() {}

    /**
     * Splits whole groups at random, so that each subset comes as close to its fraction of every class as the groups
     * allow. The largest groups come first. Each goes to the subset that it brings closest to its fractions.
     *
     * @param groups the group of each sample, as numbers
     * @throws IllegalArgumentException if there are too few groups for the subsets, or a class has none to train on
     */
    static Split of(ImageFolder data, Fractions fractions, int[] groups, long seed) {
        List<List<Integer>> sorted = shuffled(groups, KeyedRandom.of(seed, Split.KEY));
        sorted.sort(Comparator.comparingInt(group -> -group.size()));
        List<Integer> totals = data.counts();
        Map<Subset, double[]> wanted = new EnumMap<>(Subset.class);
        Arrays.stream(Subset.values())
                .filter(s -> fractions.of(s) > 0)
                .forEach(s -> wanted.put(
                        s,
                        totals.stream()
                                .mapToDouble(total -> fractions.of(s) * total)
                                .toArray()));
        Subset[] subsets = new Subset[groups.length];
        assign(data, sorted, wanted, subsets);
        Split split = new Split(Arrays.asList(subsets));
        for (Subset subset : wanted.keySet()) {
            if (split.rows(subset).length == 0) {
                throw new IllegalArgumentException(data.root() + ": too few groups for the split (" + sorted.size()
                        + "), the " + subset.title() + " set would be empty");
            }
        }
        List<Integer> trained = split.counts(data, Subset.TRAIN);
        if (trained.contains(0)) {
            throw new IllegalArgumentException(
                    data.root().resolve(data.classes().get(trained.indexOf(0)))
                            + ": too few groups of this class, none is in the training set");
        }
        return split;
    }

    /** The members of each group, with the groups in random order. */
    static List<List<Integer>> shuffled(int[] groups, KeyedRandom random) {
        List<List<Integer>> inOrder = List.copyOf(members(groups).values());
        List<List<Integer>> shuffled = new ArrayList<>();
        for (int k : random.permutation(inOrder.size())) {
            shuffled.add(inOrder.get(k));
        }
        return shuffled;
    }

    /** Number of samples per class in a group. */
    static int[] counts(ImageFolder data, List<Integer> group) {
        int[] counts = new int[data.classes().size()];
        group.forEach(i -> counts[data.samples().get(i).classIndex()]++);
        return counts;
    }

    /**
     * Assigns whole groups in their order. Each goes to the subset that it brings closest to the wanted counts.
     *
     * @param wanted the wanted number of samples per class of each subset
     * @param subsets receives the subset of each sample
     */
    static void assign(ImageFolder data, List<List<Integer>> groups, Map<Subset, double[]> wanted, Subset[] subsets) {
        Map<Subset, int[]> assigned = new EnumMap<>(Subset.class);
        wanted.keySet().forEach(s -> assigned.put(s, new int[data.classes().size()]));
        for (List<Integer> group : groups) {
            int[] added = counts(data, group);
            Subset best = assigned.keySet().stream()
                    .min(Comparator.comparingDouble(s -> cost(
                            assigned.getOrDefault(s, added), added, wanted.getOrDefault(s, new double[added.length]))))
                    .orElseThrow();
            for (int i : group) {
                subsets[i] = best;
            }
            int[] counts = assigned.getOrDefault(best, added);
            Arrays.setAll(counts, c -> counts[c] + added[c]);
        }
    }

    /** The increase of the weighted squared distance between counts and wanted counts if a group is added. */
    private static double cost(int[] counts, int[] added, double[] wanted) {
        double cost = 0;
        for (int c = 0; c < counts.length; c++) {
            if (added[c] > 0) {
                double before = counts[c] - wanted[c];
                double after = before + added[c];
                cost += (after * after - before * before) / wanted[c];
            }
        }
        return cost;
    }

    private static Map<Integer, List<Integer>> members(int[] groups) {
        Map<Integer, List<Integer>> members = new LinkedHashMap<>();
        for (int i = 0; i < groups.length; i++) {
            members.computeIfAbsent(groups[i], k -> new ArrayList<>()).add(i);
        }
        return members;
    }

    /**
     * Moves duplicates of an image into one subset: the subset that has most of them.
     *
     * <p>For each moved image, an image of the same class without duplicates moves the other way, so that the subsets
     * keep their sizes. Duplicates stay in different subsets if a subset would lose its last image of a class, for
     * instance if all images of a class are identical.
     *
     * @param split the split to change
     * @param groups the group of each sample; duplicates have the same group
     */
    static Split together(Split split, ImageFolder data, int[] groups, long seed) {
        Map<Integer, List<Integer>> members = members(groups);
        Subset[] current = split.subsets().toArray(Subset[]::new);
        boolean[] free = new boolean[current.length];
        members.values().stream().filter(group -> group.size() == 1).forEach(group -> free[group.get(0)] = true);
        int[] order = KeyedRandom.of(seed, Split.KEY, SWAP).permutation(current.length);
        for (List<Integer> group : members.values()) {
            Subset target = majority(group, current);
            if (count(target, group, current) == group.size()) {
                continue;
            }
            Subset[] moved = current.clone();
            List<Integer> swapped = new ArrayList<>();
            for (int i : group) {
                if (moved[i] != target) {
                    Subset source = moved[i];
                    moved[i] = target;
                    Arrays.stream(order)
                            .filter(k -> free[k] && moved[k] == target && !swapped.contains(k))
                            .filter(k -> data.samples().get(k).classIndex()
                                    == data.samples().get(i).classIndex())
                            .findFirst()
                            .ifPresent(k -> {
                                moved[k] = source;
                                swapped.add(k);
                            });
                }
            }
            if (keepsEveryClass(new Split(Arrays.asList(current)), moved, data)) {
                System.arraycopy(moved, 0, current, 0, moved.length);
                swapped.forEach(k -> free[k] = false);
            }
        }
        return new Split(Arrays.asList(current));
    }

    /** The subset that has most samples of a group. */
    private static Subset majority(List<Integer> group, Subset[] subsets) {
        Subset most = Subset.TRAIN;
        for (Subset subset : Subset.values()) {
            most = count(subset, group, subsets) > count(most, group, subsets) ? subset : most;
        }
        return most;
    }

    private static boolean keepsEveryClass(Split before, Subset[] after, ImageFolder data) {
        Split split = new Split(Arrays.asList(after));
        for (Subset subset : Subset.values()) {
            List<Integer> now = split.counts(data, subset);
            List<Integer> then = before.counts(data, subset);
            for (int c = 0; c < now.size(); c++) {
                if (now.get(c) == 0 && then.get(c) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long count(Subset subset, List<Integer> group, Subset[] subsets) {
        return group.stream().filter(i -> subsets[i] == subset).count();
    }
}
