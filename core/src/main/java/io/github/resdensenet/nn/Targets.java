package io.github.resdensenet.nn;

import java.util.stream.IntStream;

/**
 * The true classes of a batch. After MixUp or CutMix, an image has two.
 *
 * @param labels class index of each image [N]
 * @param others second class index of each image [N]; the same array if images have one class
 * @param lambda weight of the first class, 0 to 1; the second one has the rest
 */
@SuppressWarnings("ArrayRecordComponent") // not compared, and a copy per step would cost time
public record Targets(int[] labels, int[] others, double lambda) {
    /** One class per image. */
    public static Targets of(int[] labels) {
        return new Targets(labels, labels, 1);
    }

    /** Whether images have two classes. */
    public boolean isMixed() {
        return others != labels;
    }

    /** The probability of a class for an image, without label smoothing. */
    public double probability(int image, int c) {
        return (c == labels[image] ? lambda : 0) + (c == others[image] ? 1 - lambda : 0);
    }

    /** The class with the larger weight, for each image. */
    public int[] main() {
        return lambda < 0.5 ? others : labels;
    }

    /** The probabilities of all classes [N, classes], row by row. */
    double[] probabilities(int classes) {
        return IntStream.range(0, labels.length * classes)
                .mapToDouble(i -> probability(i / classes, i % classes))
                .toArray();
    }
}
