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
    private static final long SWAP = 1L << 32; // no class has this index

    private GroupedSplit() {}

    /**
     * Splits whole groups at random, so that each subset comes as close to its fraction of every class as the groups
     * allow. The largest groups come first. Each goes to the subset that it brings closest to its fractions.
     *
     * @param groups the group of each sample, as numbers
     * @throws IllegalArgumentException if there are too few groups for the subsets, or a class has none to train on
     */
    static Split of(ImageFolder data, Fractions fractions, int[] groups, long seed) {
        int classes = data.classes().size();
        Map<Integer, List<Integer>> members = members(groups);
        List<List<Integer>> shuffled = new ArrayList<>();
        List<List<Integer>> inOrder = List.copyOf(members.values());
        for (int k : KeyedRandom.of(seed, Split.KEY).permutation(inOrder.size())) {
            shuffled.add(inOrder.get(k));
        }
        shuffled.sort(Comparator.comparingInt(group -> -group.size()));

        List<Integer> totals = data.counts();
        Map<Subset, int[]> assigned = new EnumMap<>(Subset.class);
        Arrays.stream(Subset.values()).filter(s -> fractions.of(s) > 0).forEach(s -> assigned.put(s, new int[classes]));
        Subset[] subsets = new Subset[groups.length];
        for (List<Integer> group : shuffled) {
            int[] added = new int[classes];
            group.forEach(i -> added[data.samples().get(i).classIndex()]++);
            Subset best = assigned.keySet().stream()
                    .min(Comparator.comparingDouble(
                            s -> cost(assigned.getOrDefault(s, added), added, totals, fractions.of(s))))
                    .orElseThrow();
            for (int i : group) {
                subsets[i] = best;
            }
            int[] counts = assigned.getOrDefault(best, new int[classes]);
            Arrays.setAll(counts, c -> counts[c] + added[c]);
        }
        Split split = new Split(Arrays.asList(subsets));
        for (Subset subset : assigned.keySet()) {
            if (split.rows(subset).length == 0) {
                throw new IllegalArgumentException(data.root() + ": too few groups for the split (" + members.size()
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

    /** The increase of the weighted squared distance between counts and wanted counts if a group is added. */
    private static double cost(int[] counts, int[] added, List<Integer> totals, double fraction) {
        double cost = 0;
        for (int c = 0; c < counts.length; c++) {
            double wanted = fraction * totals.get(c);
            double before = counts[c] - wanted;
            double after = before + added[c];
            cost += (after * after - before * before) / wanted;
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
