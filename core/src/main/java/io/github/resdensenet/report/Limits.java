package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.eval.Reliability;
import io.github.resdensenet.plot.LearningCurves;
import io.github.resdensenet.report.ReportData.SubsetCounts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What the metrics of a report do not prove, in plain words, each derived from the metrics themselves. */
final class Limits {
    private static final int FEW = 30;
    private static final int NAMED = 5;

    private final ReportData data;
    private final Evaluation test;
    private final List<String> limits = new ArrayList<>();

    private Limits(ReportData data) {
        this.data = data;
        this.test = data.test();
    }

    static List<String> of(ReportData data) {
        Limits limits = new Limits(data);
        limits.interval();
        limits.selection();
        limits.training();
        limits.classes();
        limits.probabilities();
        limits.limits.add(
                "All metrics are valid only for images collected in the same way as these. Images from another camera,"
                        + " place or time can give worse results. If images of one object or person are in more than"
                        + " one subset, the metrics are too optimistic.");
        return List.copyOf(limits.limits);
    }

    private void interval() {
        int n = test.n();
        Optional<Interval> interval = test.metric("accuracy").ci95();
        interval.ifPresent(ci -> add(
                "The accuracy was measured on %d images. Its 95%% interval is %s: from the accuracy alone, a model"
                        + " whose accuracy is in this range cannot be called better or worse than this one.",
                n, Numbers.percent(ci)));
        double most = test.perClass().stream().mapToInt(ClassMetrics::n).max().orElse(0) / (double) Math.max(1, n);
        if (interval.isPresent() && interval.get().low() <= most) {
            add(
                    "Always predicting the most frequent class would be correct for %s of these images; the model is"
                            + " not proven better than that.",
                    Numbers.percent(most));
        }
    }

    private void selection() {
        LearningCurves curves = data.curves();
        List<Double> accuracies = curves.checkedAcc();
        Interval interval = data.selection();
        long alike = accuracies.stream()
                        .filter(a -> a >= interval.low() && a <= interval.high())
                        .count()
                - 1;
        if (alike > 0) {
            add(
                    "Epoch %d is the best: it has the highest %s accuracy (95%% interval %s). The accuracy of %d other"
                            + " %s is within this interval, so another split could have selected %s.",
                    curves.bestEpoch(),
                    data.selectedOn().title(),
                    Numbers.percent(interval),
                    alike,
                    alike == 1 ? "epoch" : "epochs",
                    alike == 1 ? "that epoch" : "one of them");
        }
        if (data.selectedOn() == Subset.TEST) {
            add(
                    "The best epoch was selected by its accuracy on the test set itself, so the test accuracy is"
                            + " optimistic.%s",
                    test.temperature().isNone() ? " Calibration was skipped: it needs a validation set." : "");
        }
    }

    private void training() {
        LearningCurves curves = data.curves();
        int n = curves.trainAcc().size();
        int best = curves.bestEpoch();
        if (n == 1) {
            add("One epoch was trained: the curves show no trend yet.");
        } else if (best == n) {
            add("The best epoch is the last one: training for more epochs may help.");
        }
        if (best >= 1 && best <= n) {
            double gap = curves.trainAcc().get(best - 1) - curves.checkedAcc().get(best - 1);
            if (gap > 0.1) {
                add(
                        "In the best epoch, the training accuracy is %.1f points above the %s accuracy: the network"
                                + " overfits.",
                        100 * gap, curves.checked().toLowerCase(Locale.ROOT));
            }
        }
    }

    private void classes() {
        List<ClassMetrics> metrics = test.perClass();
        some(
                i -> metrics.get(i).n() < FEW,
                "has fewer than " + FEW + " test images",
                "have fewer than " + FEW + " test images",
                "single images change the metrics of such a class by several points.");
        some(
                i -> metrics.get(i).n() > 0 && metrics.get(i).recall().orNaN() == 0,
                "was never predicted correctly",
                "were never predicted correctly",
                "the overall accuracy hides that.");
        for (SubsetCounts subset : data.subsets()) {
            int most = Collections.max(subset.counts());
            int least = Collections.min(subset.counts());
            if (subset.subset() == Subset.TRAIN && most > 3 * least) {
                add(
                        "The classes are imbalanced: the largest has %d training images, the smallest %d. Accuracy"
                                + " favours the large ones; the table per class does not.",
                        most, least);
            }
        }
    }

    private void some(IntPredicate which, String one, String many, String so) {
        List<String> names = IntStream.range(0, data.classes().size())
                .filter(which)
                .mapToObj(data.classes()::get)
                .toList();
        if (names.isEmpty()) {
            return;
        }
        int rest = names.size() - NAMED;
        String named = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        limits.add(named + (rest > 0 ? " and " + rest + " more" : "") + " " + (names.size() == 1 ? one : many) + ": "
                + so);
    }

    private void probabilities() {
        if (test.temperature().isAtBound()) {
            add(
                    "The temperature of the calibration is at a bound of its range (%s). The best temperature may lie"
                            + " outside, for instance because nearly all validation images are predicted correctly."
                            + " The probabilities can be far too high or too low.",
                    Numbers.decimal(test.temperature().value()));
        }
        double ece = test.metric("ece").orNaN();
        if (ece > 0.05) {
            boolean overconfident = mean(Reliability.Bin::confidence) > mean(Reliability.Bin::accuracy);
            add(
                    "%s differ by %.1f percentage points on average; the model is %s.",
                    test.temperature().isNone()
                            ? "Confidence and accuracy"
                            : "After calibration, confidence and accuracy still",
                    100 * ece,
                    overconfident ? "overconfident" : "underconfident");
        }
    }

    private double mean(ToDoubleFunction<Reliability.Bin> value) {
        return test.reliability().bins().stream()
                        .mapToDouble(bin -> bin.count() * value.applyAsDouble(bin))
                        .sum()
                / test.n();
    }

    private void add(String format, Object... values) {
        limits.add(String.format(Locale.ROOT, format, values));
    }
}
