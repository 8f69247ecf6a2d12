package io.github.resdensenet.run;

import io.github.resdensenet.util.Decimal;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The recipe key train.classWeights: weights of the classes in the loss. */
final class ClassWeights {
    private static final String NONE = "none";
    private static final String BALANCED = "balanced";

    private ClassWeights() {}

    /** Throws an IllegalArgumentException if the value is not valid. */
    static void check(String value) {
        if (!value.equals(NONE) && !value.equals(BALANCED)) {
            try {
                if (numbers(value).stream().allMatch(w -> w > 0 && w < Double.POSITIVE_INFINITY)) {
                    return;
                }
            } catch (NumberFormatException e) {
                throw invalid(value, e);
            }
            throw invalid(value, null);
        }
    }

    private static IllegalArgumentException invalid(String value, @Nullable NumberFormatException cause) {
        return new IllegalArgumentException(
                "train.classWeights must be none, balanced or positive numbers separated by commas, got " + value,
                cause);
    }

    private static List<Double> numbers(String value) {
        return Arrays.stream(value.split(",", -1)).map(Double::valueOf).toList();
    }

    /**
     * The weight of each class.
     *
     * @param images number of training images of each class
     * @return empty if all classes have weight 1; for "balanced", images / (classes * images of the class), as in
     *     scikit-learn
     */
    static List<Double> of(String value, List<Integer> images) {
        if (value.equals(NONE)) {
            return List.of();
        }
        if (value.equals(BALANCED)) {
            double total = images.stream().mapToInt(Integer::intValue).sum();
            return images.stream()
                    .map(n -> total / ((double) images.size() * n))
                    .toList();
        }
        List<Double> weights = numbers(value);
        if (weights.size() != images.size()) {
            throw new IllegalArgumentException(
                    "train.classWeights must have one number per class, " + images.size() + " in all, got " + value);
        }
        return weights;
    }

    /** The weights by class name, for messages; "" if there are none. */
    static String inWords(List<String> classes, List<Double> weights) {
        return IntStream.range(0, weights.size())
                .mapToObj(c -> classes.get(c) + " " + Decimal.fixed(weights.get(c), 3))
                .collect(Collectors.joining(", "));
    }
}
