package io.github.resdensenet.predict;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A model's answer for one picture.
 *
 * @param classes class names by index
 * @param probabilities of each class, adding up to 1
 */
public record Prediction(List<String> classes, List<Double> probabilities) {
    /** Keeps its own lists. */
    public Prediction {
        classes = List.copyOf(classes);
        probabilities = List.copyOf(probabilities);
        if (classes.isEmpty() || classes.size() != probabilities.size()) {
            throw new IllegalArgumentException(
                    classes.size() + " classes and " + probabilities.size() + " probabilities");
        }
    }

    /** Class indices, most probable first. */
    public List<Integer> ranking() {
        return IntStream.range(0, classes.size())
                .boxed()
                .sorted((a, b) -> Double.compare(probabilities.get(b), probabilities.get(a)))
                .toList();
    }

    /** Index of the most probable class. */
    public int classIndex() {
        return ranking().get(0);
    }

    /** Name of the most probable class. */
    public String className() {
        return classes.get(classIndex());
    }

    /** Probability of the most probable class. */
    public double probability() {
        return probabilities.get(classIndex());
    }
}
