package io.github.resdensenet.data;

import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A split of a data set: the {@link Subset} of each sample, in the order of the samples. */
public record Split(List<Subset> subsets) {
    static final long KEY = 3;

    /** A subset of a data set. */
    public enum Subset {
        /** The training set. */
        TRAIN,
        /** The validation set, by default evaluated after each epoch to choose the best checkpoint. */
        VAL,
        /** The test set, by default evaluated at the end of training only. */
        TEST;

        /** The name in files and on the command line: train, val or test. */
        public String label() {
            return Choices.label(this);
        }

        /** The name in texts: train, validation or test. */
        public String title() {
            return this == VAL ? "validation" : label();
        }
    }

    /**
     * The fractions of the three subsets, which add up to 1.
     *
     * @param train above 0
     * @param val at least 0
     * @param test above 0
     */
    public record Fractions(double train, double val, double test) {
        /** The fraction of a subset. */
        double of(Subset subset) {
            return switch (subset) {
                case TRAIN -> train;
                case VAL -> val;
                case TEST -> test;
            };
        }

        /** Checks the ranges and the sum. */
        public Fractions {
            if (!(train > 0 && val >= 0 && test > 0) || Math.abs(train + val + test - 1) > 1e-9) {
                throw new IllegalArgumentException("data.split must be fractions train > 0, val >= 0, test > 0 that add"
                        + " up to 1, got " + train + " / " + val + " / " + test);
            }
        }
    }

    /** Copies the list. */
    public Split {
        subsets = List.copyOf(subsets);
    }

    /**
     * A random stratified split: the fractions hold within each class, and each class has at least one sample in every
     * subset whose fraction is above 0.
     *
     * @throws IllegalArgumentException if a class has too few samples
     */
    public static Split stratified(ImageFolder data, Fractions fractions, long seed) {
        Subset[] subsets = new Subset[data.samples().size()];
        for (int c = 0; c < data.classes().size(); c++) {
            int index = c;
            int[] members = IntStream.range(0, subsets.length)
                    .filter(i -> data.samples().get(i).classIndex() == index)
                    .toArray();
            int needed = fractions.val() > 0 ? 3 : 2;
            if (members.length < needed) {
                throw new IllegalArgumentException(
                        data.root().resolve(data.classes().get(c)) + ": " + members.length
                                + " images are too few for the split; a class needs at least " + needed);
            }
            int test = atLeastOne(fractions.test(), members.length);
            int val = fractions.val() > 0 ? atLeastOne(fractions.val(), members.length) : 0;
            while (test + val >= members.length) { // keep at least one for the training set
                if (test >= val) {
                    test--;
                } else {
                    val--;
                }
            }
            int[] order = KeyedRandom.of(seed, KEY, c).permutation(members.length);
            for (int i = 0; i < members.length; i++) {
                subsets[members[order[i]]] = i < test ? Subset.TEST : i < test + val ? Subset.VAL : Subset.TRAIN;
            }
        }
        return new Split(Arrays.asList(subsets));
    }

    private static int atLeastOne(double fraction, int n) {
        return Math.max(1, (int) Math.round(fraction * n));
    }

    /**
     * A random split regardless of class, like PyTorch's {@code random_split}: floor(train * n) samples are the train
     * set, the others the test set.
     *
     * @param train fraction of the training set, between 0 and 1
     * @throws IllegalArgumentException if a subset would be empty
     */
    public static Split random(ImageFolder data, double train, long seed) {
        int n = data.samples().size();
        int trained = (int) (train * n);
        if (trained < 1 || trained == n) {
            throw new IllegalArgumentException(
                    data.root() + ": " + n + " images are too few for a train fraction of " + train);
        }
        Subset[] subsets = new Subset[n];
        int[] order = KeyedRandom.of(seed, KEY).permutation(n);
        for (int i = 0; i < n; i++) {
            subsets[order[i]] = i < trained ? Subset.TRAIN : Subset.TEST;
        }
        return new Split(Arrays.asList(subsets));
    }

    /**
     * The group of each image, for instance the patient: images of a group are never in different subsets.
     *
     * @param by a regular expression that is searched in the image's path inside the folder (its first capturing group
     *     is the name, otherwise the whole match), or a .csv file of path,group; "" for no groups
     * @param names paths inside the folder, with forward slashes
     * @return one group name per image; empty if {@code by} is empty
     * @throws IllegalArgumentException if an image has no group
     * @throws IOException if the file cannot be read or has another format
     */
    public static List<String> groups(String by, List<String> names) throws IOException {
        return Groups.of(by, names);
    }

    /**
     * Splits whole groups at random, so that each subset comes as close to its fraction of every class as the groups
     * allow.
     *
     * @param groups the group of each sample, as numbers
     * @throws IllegalArgumentException if there are too few groups for the subsets, or a class has none to train on
     */
    public static Split grouped(ImageFolder data, Fractions fractions, int[] groups, long seed) {
        return GroupedSplit.of(data, fractions, groups, seed);
    }

    /**
     * Splits whole groups into stratified folds at random. One fold is the test set, and a stratified part of the other
     * images is the validation set. The folds depend on the images, the groups, the number of folds and the seed only,
     * so each image is in the test set of exactly one fold.
     *
     * @param folds number of folds, at least 2
     * @param fold the fold that is the test set, from 0
     * @param valFraction fraction of the other images that is the validation set; 0 for none
     * @param groups the group of each sample, as numbers
     * @throws IllegalArgumentException if a class has fewer groups than folds, or too few for the validation set
     */
    public static Split folds(ImageFolder data, int folds, int fold, double valFraction, int[] groups, long seed) {
        return Folds.split(data, folds, fold, valFraction, groups, seed);
    }

    /**
     * Moves all samples of a group into one subset: the subset that has most of them. For each moved sample, a sample of its
     * class without duplicates moves the other way if there is one, so that the subsets keep their sizes. A group stays
     * apart if a subset would lose its last sample of a class.
     *
     * @param groups the group of each sample, as numbers
     * @return the new split
     */
    public Split together(ImageFolder data, int[] groups, long seed) {
        return GroupedSplit.together(this, data, groups, seed);
    }

    /** The indices of the samples in a subset. */
    public int[] rows(Subset subset) {
        return IntStream.range(0, subsets.size())
                .filter(i -> subsets.get(i) == subset)
                .toArray();
    }

    /** Number of samples per class in a subset, in class order. */
    public List<Integer> counts(ImageFolder data, Subset subset) {
        List<Integer> counts = new ArrayList<>();
        for (int c = 0; c < data.classes().size(); c++) {
            int index = c;
            counts.add((int) Arrays.stream(rows(subset))
                    .filter(i -> data.samples().get(i).classIndex() == index)
                    .count());
        }
        return counts;
    }
}
