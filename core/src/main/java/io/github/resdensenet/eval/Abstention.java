package io.github.resdensenet.eval;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A confidence threshold for abstention: the model predicts only where it reaches a wanted precision.
 *
 * @param precisionTarget the wanted fraction of correct predictions, above 0 and at most 1
 * @param threshold the smallest calibrated confidence with which the model predicts; below, it abstains
 * @param chosen coverage and precision on the images that the threshold was chosen on
 */
public record Abstention(double precisionTarget, double threshold, Coverage chosen) {
    /**
     * Coverage and precision of a threshold on a set of images.
     *
     * @param n number of images
     * @param answered number of images with a prediction, that is without abstention
     * @param right number of correct predictions
     */
    public record Coverage(int n, int answered, int right) {
        /** The coverage: the fraction of the images with a prediction. */
        public double share() {
            return (double) answered / n;
        }

        /** The precision: the fraction of the predictions that are correct; NaN without predictions. */
        public double precision() {
            return (double) right / answered;
        }

        /** The 95% Wilson interval of the precision. */
        public Interval interval() {
            return Interval.wilson(right, answered);
        }
    }

    /**
     * Finds the smallest threshold that reaches a precision. The threshold has as few digits as possible, without a
     * change of the images that have a prediction.
     *
     * @param e evaluation on images that the model was not trained on
     * @param target the wanted precision, above 0 and at most 1
     * @return the threshold; empty if even the most confident predictions do not reach the precision
     * @throws IllegalArgumentException if {@code target} is out of range
     */
    public static Optional<Abstention> reaching(Evaluation e, double target) {
        if (!(target > 0 && target <= 1)) {
            throw new IllegalArgumentException("precision must be above 0 and at most 1, got " + target);
        }
        int n = e.n();
        double[] confidence = IntStream.range(0, n).mapToDouble(e::confidence).toArray();
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted((a, b) -> Double.compare(confidence[a], confidence[b]))
                .mapToInt(Integer::intValue)
                .toArray();
        int correct = e.confusion().correct();
        double below = 0;
        for (int abstained = 0; abstained < n; abstained++) { // from the least confident prediction on
            double at = confidence[order[abstained]];
            if ((abstained == 0 || at > below) && (double) correct / (n - abstained) >= target) {
                double threshold = abstained == 0 ? 0 : shortBetween(below, at);
                return Optional.of(new Abstention(target, threshold, new Coverage(n, n - abstained, correct)));
            }
            correct -= e.predicted(order[abstained]) == e.truth().get(order[abstained]) ? 1 : 0;
            below = at;
        }
        return Optional.empty();
    }

    /** The number with the fewest decimal places that is above {@code low} and at most {@code high}. */
    private static double shortBetween(double low, double high) {
        for (double scale = 10; scale < 1e15; scale *= 10) {
            double candidate = Math.floor(high * scale) / scale;
            if (candidate > low && candidate <= high) {
                return candidate;
            }
        }
        return high;
    }

    /** Coverage and precision of the threshold on other images. */
    public Coverage on(Evaluation e) {
        int[] predicted = IntStream.range(0, e.n())
                .filter(i -> e.confidence(i) >= threshold)
                .toArray();
        int correct = (int) Arrays.stream(predicted)
                .filter(i -> e.predicted(i) == e.truth().get(i))
                .count();
        return new Coverage(e.n(), predicted.length, correct);
    }

    /**
     * Lines of text about a threshold.
     *
     * @param found the result of {@link #reaching} on the validation set
     * @param target the wanted precision, above 0 and at most 1
     * @param e another evaluation to apply the threshold to
     * @param split the subset of this evaluation: train, val, test or all
     */
    public static List<String> lines(Optional<Abstention> found, double target, Evaluation e, String split) {
        return EvaluationText.lines(found, target, e, split);
    }

    /**
     * The fields of a JSON object about a threshold. The field "threshold" is null if no threshold reaches the
     * precision.
     *
     * @param found the result of {@link #reaching} on the validation set
     * @param target the wanted precision, above 0 and at most 1
     * @param e another evaluation to apply the threshold to
     * @param split the subset of this evaluation: train, val, test or all
     */
    public static Map<String, Object> json(Optional<Abstention> found, double target, Evaluation e, String split) {
        return EvaluationText.json(found, target, e, split);
    }
}
