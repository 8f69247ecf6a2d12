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
     * that has no copy moves the other way, so that the parts keep their sizes. Copies stay where they are if a part
     * would lose its last picture of a class, as where all pictures of a class are the same.
     *
     * @param split where the samples are now
     * @param groups the group of each sample; copies have the same
     */
    public static Split together(Split split, ImageFolder data, int[] groups, long seed) {
        Map<Integer, List<Integer>> members = members(groups);
        Part[] settled = split.parts().toArray(Part[]::new);
        boolean[] free = new boolean[settled.length];
        members.values().stream().filter(group -> group.size() == 1).forEach(group -> free[group.get(0)] = true);
        int[] order = KeyedRandom.of(seed, Split.KEY, SWAP).permutation(settled.length);
        for (List<Integer> group : members.values()) {
            Part target = home(group, settled);
            if (in(target, group, settled) == group.size()) {
                continue;
            }
            Part[] moved = settled.clone();
            List<Integer> swapped = new ArrayList<>();
            for (int i : group) {
                if (moved[i] != target) {
                    Part left = moved[i];
                    moved[i] = target;
                    Arrays.stream(order)
                            .filter(k -> free[k] && moved[k] == target && !swapped.contains(k))
                            .filter(k -> data.samples().get(k).classIndex()
                                    == data.samples().get(i).classIndex())
                            .findFirst()
                            .ifPresent(k -> {
                                moved[k] = left;
                                swapped.add(k);
                            });
                }
            }
            if (keepsEveryClass(new Split(Arrays.asList(settled)), moved, data)) {
                System.arraycopy(moved, 0, settled, 0, moved.length);
                swapped.forEach(k -> free[k] = false);
            }
        }
        return new Split(Arrays.asList(settled));
    }

    /** The part that most of a group are in. */
    private static Part home(List<Integer> group, Part[] parts) {
        Part most = Part.TRAIN;
        for (Part part : Part.values()) {
            most = in(part, group, parts) > in(most, group, parts) ? part : most;
        }
        return most;
    }

    private static boolean keepsEveryClass(Split before, Part[] after, ImageFolder data) {
        Split split = new Split(Arrays.asList(after));
        for (Part part : Part.values()) {
            List<Integer> now = split.counts(data, part);
            List<Integer> then = before.counts(data, part);
            for (int c = 0; c < now.size(); c++) {
                if (now.get(c) == 0 && then.get(c) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long in(Part part, List<Integer> group, Part[] parts) {
        return group.stream().filter(i -> parts[i] == part).count();
    }
}
