package io.github.resdensenet.data;

import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.Split.Shares;
import io.github.resdensenet.transforms.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Splits in which pictures that belong together are in the same part. */
public final class GroupedSplit {
    private static final long SWAP = 1L << 32; // no class has this index

    private GroupedSplit() {}

    /**
     * Deals whole groups out at random, so that each part comes as near to its share of every class as groups allow: the
     * largest groups first, each to the part that it brings nearest to its shares.
     *
     * @param groups the group of each sample, by any number
     * @throws IllegalArgumentException if there are too few groups for the parts, or a class has none to train on
     */
    public static Split deal(ImageFolder data, Shares shares, int[] groups, long seed) {
        int classes = data.classes().size();
        Map<Integer, List<Integer>> members = members(groups);
        List<List<Integer>> shuffled = new ArrayList<>();
        List<List<Integer>> inOrder = List.copyOf(members.values());
        for (int k : KeyedRandom.of(seed, Split.KEY).permutation(inOrder.size())) {
            shuffled.add(inOrder.get(k));
        }
        shuffled.sort(Comparator.comparingInt(group -> -group.size()));

        List<Integer> counts = data.counts();
        Map<Part, int[]> have = new EnumMap<>(Part.class);
        Arrays.stream(Part.values()).filter(p -> shares.of(p) > 0).forEach(p -> have.put(p, new int[classes]));
        Part[] parts = new Part[groups.length];
        for (List<Integer> group : shuffled) {
            int[] brings = new int[classes];
            group.forEach(i -> brings[data.samples().get(i).classIndex()]++);
            Part best = have.keySet().stream()
                    .min(Comparator.comparingDouble(
                            p -> cost(have.getOrDefault(p, brings), brings, counts, shares.of(p))))
                    .orElseThrow();
            for (int i : group) {
                parts[i] = best;
            }
            int[] of = have.getOrDefault(best, new int[classes]);
            Arrays.setAll(of, c -> of[c] + brings[c]);
        }
        Split split = new Split(Arrays.asList(parts));
        for (Part part : have.keySet()) {
            if (split.rows(part).length == 0) {
                throw new IllegalArgumentException(data.root() + ": " + members.size()
                        + " groups are too few for the split, " + part.label() + " has none");
            }
        }
        List<Integer> trained = split.counts(data, Part.TRAIN);
        if (trained.contains(0)) {
            throw new IllegalArgumentException(
                    data.root().resolve(data.classes().get(trained.indexOf(0)))
                            + ": no group of this class is left to train on");
        }
        return split;
    }

    /** How much further from its shares a part is with a group than without, over all classes. */
    private static double cost(int[] has, int[] brings, List<Integer> counts, double share) {
        double cost = 0;
        for (int c = 0; c < has.length; c++) {
            double wanted = share * counts.get(c);
            double before = has[c] - wanted;
            double after = before + brings[c];
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
     * Brings copies of a picture into one part: that of most of them. For each that moves, a picture of the same class
     * that has no copy moves the other way, so that the parts keep their sizes.
     *
     * @param split where the samples are now
     * @param groups the group of each sample; copies have the same
     */
    public static Split together(Split split, ImageFolder data, int[] groups, long seed) {
        Map<Integer, List<Integer>> members = members(groups);
        Part[] moved = split.parts().toArray(Part[]::new);
        boolean[] free = new boolean[moved.length];
        members.values().stream().filter(group -> group.size() == 1).forEach(group -> free[group.get(0)] = true);
        int[] order = KeyedRandom.of(seed, Split.KEY, SWAP).permutation(moved.length);
        for (List<Integer> group : members.values()) {
            Part most = Part.TRAIN;
            for (Part part : Part.values()) {
                most = in(part, group, moved) > in(most, group, moved) ? part : most;
            }
            Part target = most;
            for (int i : group) {
                if (moved[i] != target) {
                    Part left = moved[i];
                    moved[i] = target;
                    Arrays.stream(order)
                            .filter(k -> free[k] && moved[k] == target)
                            .filter(k -> data.samples().get(k).classIndex()
                                    == data.samples().get(i).classIndex())
                            .findFirst()
                            .ifPresent(k -> {
                                moved[k] = left;
                                free[k] = false;
                            });
                }
            }
        }
        return new Split(Arrays.asList(moved));
    }

    private static long in(Part part, List<Integer> group, Part[] parts) {
        return group.stream().filter(i -> parts[i] == part).count();
    }
}
