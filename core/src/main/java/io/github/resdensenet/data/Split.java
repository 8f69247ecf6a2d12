package io.github.resdensenet.data;

import io.github.resdensenet.transforms.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Which part of the data each sample belongs to: one {@link Part} a sample, in the folder's order. */
public record Split(List<Part> parts) {
    static final long KEY = 3;

    /** The parts of a data set. */
    public enum Part {
        /** Trained on. */
        TRAIN,
        /** Looked at after every epoch, to choose the best. */
        VAL,
        /** Opened once, at the end. */
        TEST;

        /** The name in files and on the command line: train, val or test. */
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** Shares of the three parts, which add up to 1. */
    public record Shares(double train, double val, double test) {
        /** The share of a part. */
        double of(Part part) {
            return switch (part) {
                case TRAIN -> train;
                case VAL -> val;
                case TEST -> test;
            };
        }

        /** Checks the shares. */
        public Shares {
            if (!(train > 0 && val >= 0 && test > 0) || Math.abs(train + val + test - 1) > 1e-9) {
                throw new IllegalArgumentException("data.split must be shares train > 0, val >= 0, test > 0 that add up"
                        + " to 1, got " + train + " / " + val + " / " + test);
            }
        }
    }

    /** Keeps its own list. */
    public Split {
        parts = List.copyOf(parts);
    }

    /**
     * Deals the samples of each class out by the shares, at random.
     *
     * @throws IllegalArgumentException if a class is too small to have at least one sample in every part with a share
     */
    public static Split stratified(ImageFolder data, Shares shares, long seed) {
        Part[] parts = new Part[data.samples().size()];
        for (int c = 0; c < data.classes().size(); c++) {
            int index = c;
            int[] members = IntStream.range(0, parts.length)
                    .filter(i -> data.samples().get(i).classIndex() == index)
                    .toArray();
            int needed = shares.val() > 0 ? 3 : 2;
            if (members.length < needed) {
                throw new IllegalArgumentException(
                        data.root().resolve(data.classes().get(c)) + ": " + members.length
                                + " pictures are too few for the split; a class needs at least " + needed);
            }
            int test = atLeastOne(shares.test(), members.length);
            int val = shares.val() > 0 ? atLeastOne(shares.val(), members.length) : 0;
            while (test + val >= members.length) { // leave one to train on
                if (test >= val) {
                    test--;
                } else {
                    val--;
                }
            }
            int[] order = KeyedRandom.of(seed, KEY, c).permutation(members.length);
            for (int i = 0; i < members.length; i++) {
                parts[members[order[i]]] = i < test ? Part.TEST : i < test + val ? Part.VAL : Part.TRAIN;
            }
        }
        return new Split(Arrays.asList(parts));
    }

    private static int atLeastOne(double share, int n) {
        return Math.max(1, (int) Math.round(share * n));
    }

    /**
     * Deals all samples out at random without regard to class, as {@code random_split} does: the first
     * floor(train * n) are trained on, the rest is the test set.
     */
    public static Split random(ImageFolder data, double train, long seed) {
        int n = data.samples().size();
        int trained = (int) (train * n);
        if (trained < 1 || trained == n) {
            throw new IllegalArgumentException(data.root() + ": " + n + " pictures are too few for the split " + train);
        }
        Part[] parts = new Part[n];
        int[] order = KeyedRandom.of(seed, KEY).permutation(n);
        for (int i = 0; i < n; i++) {
            parts[order[i]] = i < trained ? Part.TRAIN : Part.TEST;
        }
        return new Split(Arrays.asList(parts));
    }

    /** The indices of the samples of one part. */
    public int[] rows(Part part) {
        return IntStream.range(0, parts.size())
                .filter(i -> parts.get(i) == part)
                .toArray();
    }

    /** How many samples of each class a part has. */
    public List<Integer> counts(ImageFolder data, Part part) {
        List<Integer> counts = new ArrayList<>();
        for (int c = 0; c < data.classes().size(); c++) {
            int index = c;
            counts.add((int) Arrays.stream(rows(part))
                    .filter(i -> data.samples().get(i).classIndex() == index)
                    .count());
        }
        return counts;
    }
}
