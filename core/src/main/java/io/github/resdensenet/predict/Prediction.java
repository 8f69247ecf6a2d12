package io.github.resdensenet.predict;

import io.github.resdensenet.eval.Temperature;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model's answer for one picture.
 *
 * @param classes class names by index
 * @param probabilities of each class, calibrated, adding up to 1
 * @param logits what the network gave for each class, before softmax and calibration
 */
public record Prediction(List<String> classes, List<Double> probabilities, List<Double> logits) {
    /** Keeps its own lists. */
    public Prediction {
        classes = List.copyOf(classes);
        probabilities = List.copyOf(probabilities);
        logits = List.copyOf(logits);
        if (classes.isEmpty() || classes.size() != probabilities.size() || classes.size() != logits.size()) {
            throw new IllegalArgumentException("probabilities and logits must be one a class, got "
                    + probabilities.size() + " and " + logits.size() + " for " + classes.size() + " classes");
        }
    }

    /** The same with the probabilities that are not calibrated: softmax(logits). */
    public Prediction raw() {
        return new Prediction(classes, probabilities(logits, Temperature.NONE), logits);
    }

    static List<Double> probabilities(List<Double> logits, Temperature temperature) {
        double[] p = temperature.probabilities(
                logits.stream().mapToDouble(Double::doubleValue).toArray());
        return Arrays.stream(p).boxed().toList();
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
