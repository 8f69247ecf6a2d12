package io.github.resdensenet.report;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Metric;
import io.github.resdensenet.report.ReportData.Card;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The metrics of an evaluation that the summary shows, each with a sentence that explains it. */
final class MetricCards {
    private MetricCards() {}

    /**
     * How a metric is shown.
     *
     * @param key its name in JSON
     * @param percent whether it is shown as a percentage
     * @param meaning what it means; %1$.3f is the logarithm of the number of classes, %2$s (un)calibrated
     */
    private record Shown(String key, String name, boolean percent, String meaning) {}

    private static final List<Shown> SHOWN = List.of(
            new Shown("accuracy", "Accuracy", true, "fraction of predictions that are correct"),
            new Shown(
                    "macro_f1",
                    "Macro F1",
                    false,
                    "mean of the F1 of each class, all classes weighted equally; 1 is perfect"),
            new Shown("balanced_accuracy", "Balanced accuracy", true, "mean recall over the classes"),
            new Shown("top2_accuracy", "Top-2 accuracy", true, "the true class is among the two most probable"),
            new Shown(
                    "macro_roc_auc",
                    "ROC-AUC",
                    false,
                    "how well each class is separated from the others; 0.5 is guessing, 1 is perfect"),
            new Shown(
                    "quadratic_weighted_kappa",
                    "Quadratic weighted kappa",
                    false,
                    "agreement on an ordinal scale; 0 is chance, 1 is perfect"),
            new Shown("mae", "Mean absolute error", false, "distance between prediction and truth, in grades"),
            new Shown(
                    "nll",
                    "Negative log-likelihood",
                    false,
                    "cross-entropy of the %2$s probabilities, without label smoothing; uniform guessing has %1$.3f,"
                            + " 0 is perfect"),
            new Shown("brier", "Brier score", false, "squared error of the %2$s probabilities, 0 to 2; 0 is perfect"),
            new Shown(
                    "ece",
                    "Expected calibration error",
                    true,
                    "mean gap between the probability of the predicted class and the accuracy"));

    static List<Card> of(Evaluation test) {
        return of(test, !test.temperature().isNone(), "test images");
    }

    /**
     * The cards of an evaluation.
     *
     * @param calibrated whether the probabilities are calibrated
     * @param counted what the number of images counts, for the card of the accuracy
     */
    static List<Card> of(Evaluation test, boolean calibrated, String counted) {
        return SHOWN.stream()
                .flatMap(shown -> test.metrics().stream()
                        .filter(metric -> metric.name().equals(shown.key())
                                && metric.value().isPresent())
                        .flatMap(metric -> Stream.of(card(metric, shown, test, calibrated, counted))))
                .toList();
    }

    private static Card card(Metric metric, Shown shown, Evaluation test, boolean calibrated, String counted) {
        String name = shown.key().equals("accuracy") ? shown.name() + ", " + test.n() + " " + counted : shown.name();
        return new Card(
                name,
                shown.percent() ? Numbers.percent(metric.orNaN()) : Numbers.decimal(metric.orNaN()),
                metric.ci95()
                        .map(ci -> shown.percent() ? Numbers.percent(ci) : Numbers.decimal(ci))
                        .orElse(""),
                String.format(
                        Locale.ROOT,
                        shown.meaning(),
                        Math.log(test.classes().size()),
                        calibrated ? "calibrated" : "uncalibrated"));
    }
}
