package io.github.resdensenet.report;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import java.util.List;
import java.util.Map;

/**
 * The page of a cross-validation: one evaluation of all images, each predicted by the model that was not trained on it.
 *
 * @param model the architecture's name in print
 * @param data the name of the data set, in any script
 * @param about what was done, one paragraph each
 * @param evaluation the predictions of all folds, evaluated together
 * @param calibrated whether the probabilities are calibrated
 * @param folds the folds in order
 * @param spread mean and standard deviation of the folds' accuracies
 * @param mistakes wrong predictions, the most confident first
 * @param limits what the metrics do not prove, one sentence or two each
 * @param command the command that repeats the cross-validation
 * @param provenance facts by name: where the results come from
 * @param recipe the resolved recipe as YAML
 */
public record CrossValidationPage(
        String model,
        String data,
        List<String> about,
        Evaluation evaluation,
        boolean calibrated,
        List<Fold> folds,
        Spread spread,
        List<Mistake> mistakes,
        List<String> limits,
        String command,
        Map<String, String> provenance,
        String recipe) {
    /** Keeps its own lists. */
    public CrossValidationPage {
        about = List.copyOf(about);
        folds = List.copyOf(folds);
        mistakes = List.copyOf(mistakes);
        limits = List.copyOf(limits);
    }

    /** Returns the page as one HTML file. */
    public String html() {
        return HtmlReport.html(this);
    }

    /**
     * A fold.
     *
     * @param name name of its run folder
     * @param train number of training images
     * @param val number of validation images
     * @param test number of test images
     * @param bestEpoch the best epoch, from 1
     * @param temperature temperature of the calibration; 1 for none
     * @param accuracy accuracy on the test images
     * @param interval 95% interval of the accuracy
     */
    public record Fold(
            String name,
            int train,
            int val,
            int test,
            int bestEpoch,
            double temperature,
            double accuracy,
            Interval interval) {}

    /**
     * Mean and sample standard deviation over the folds.
     *
     * @param mean the mean
     * @param deviation the standard deviation
     */
    public record Spread(double mean, double deviation) {
        /** Returns the spread of at least two values. */
        public static Spread of(List<Double> values) {
            double mean =
                    values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
            double squares = values.stream()
                    .mapToDouble(value -> (value - mean) * (value - mean))
                    .sum();
            return new Spread(mean, Math.sqrt(squares / (values.size() - 1)));
        }
    }

    /**
     * A wrong prediction.
     *
     * @param file path inside the image folder
     * @param truth the true class
     * @param predicted the predicted class
     * @param probability probability of the predicted class, 0 to 1
     * @param fold name of the fold's run folder
     */
    public record Mistake(String file, String truth, String predicted, double probability, String fold) {}
}
