package io.github.resdensenet.predict;

import io.github.resdensenet.eval.Temperature;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The prediction of a model for one image.
 *
 * @param classes class names by index
 * @param probabilities calibrated probability per class; the sum is 1
 * @param logits output of the network per class, before calibration and softmax
 */
public record Prediction(List<String> classes, List<Double> probabilities, List<Double> logits) {
    /** Copies the lists and checks their lengths. */
    public Prediction {
        classes = List.copyOf(classes);
        probabilities = List.copyOf(probabilities);
        logits = List.copyOf(logits);
        if (classes.isEmpty() || classes.size() != probabilities.size() || classes.size() != logits.size()) {
            throw new IllegalArgumentException("probabilities and logits must have one value per class, got "
                    + probabilities.size() + " and " + logits.size() + " for " + classes.size() + " classes");
        }
    }

    /** This prediction with uncalibrated probabilities: softmax(logits). */
    public Prediction raw() {
        return new Prediction(classes, probabilities(logits, Temperature.NONE), logits);
    }

    /** Whether all logits are finite numbers; otherwise the probabilities mean nothing. */
    public boolean isFinite() {
        return logits.stream().allMatch(Double::isFinite);
    }

    static List<Double> probabilities(List<Double> logits, Temperature temperature) {
        double[] p = temperature.probabilities(
                logits.stream().mapToDouble(Double::doubleValue).toArray());
        return Arrays.stream(p).boxed().toList();
    }

    /** Each class name with its probability, in the order of the classes. */
    public Map<String, Double> byClass() {
        Map<String, Double> byClass = new LinkedHashMap<>();
        IntStream.range(0, classes.size()).forEach(c -> byClass.put(classes.get(c), probabilities.get(c)));
        return byClass;
    }

    /** Class indices in descending order of probability. */
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
