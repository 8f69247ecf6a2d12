package io.github.resdensenet.report;

import io.github.resdensenet.report.ReportData.Calibration;
import io.github.resdensenet.report.ReportData.ClassScore;
import io.github.resdensenet.report.ReportData.Interval;
import io.github.resdensenet.report.ReportData.Part;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** What the figures of a report do not say, in plain words, each worked out from the figures themselves. */
final class Limits {
    private static final int FEW = 30;
    private static final int NAMED = 5;

    private final ReportData data;
    private final List<String> limits = new ArrayList<>();

    private Limits(ReportData data) {
        this.data = data;
    }

    static List<String> of(ReportData data) {
        Limits limits = new Limits(data);
        limits.interval();
        limits.choice();
        limits.training();
        limits.classes();
        limits.probabilities();
        limits.limits.add(
                "All figures hold for pictures that come about as these did: from another camera, place or time"
                        + " they can be worse. Pictures of one object or person in several parts would make them too good.");
        return List.copyOf(limits.limits);
    }

    private void interval() {
        int n = data.scores().n();
        data.scores()
                .accuracy()
                .interval()
                .ifPresent(interval -> limits.add(format(
                        "The accuracy was measured on %d pictures. That settles it only to between %s and %s (95%%"
                                + " interval): a model that scores within this range is not proved better or worse.",
                        n, Text.percent(interval.low()), Text.percent(interval.high()))));
        double most =
                data.scores().perClass().stream().mapToInt(ClassScore::n).max().orElse(0) / (double) Math.max(1, n);
        boolean above = data.scores()
                .accuracy()
                .interval()
                .map(interval -> interval.low() > most)
                .orElse(true);
        if (!above) {
            limits.add(format(
                    "Always answering the most frequent class would be right in %s of these pictures; the model is not"
                            + " proved better than that.",
                    Text.percent(most)));
        }
    }

    private void choice() {
        LearningCurves curves = data.curves();
        List<Double> accuracies = curves.checkedAcc();
        Interval interval = data.choice().interval();
        long alike = accuracies.stream()
                        .filter(a -> a >= interval.low() && a <= interval.high())
                        .count()
                - 1;
        if (alike > 0) {
            limits.add(format(
                    "The best epoch is %d, but %d other %s within its interval (%s to %s on the %s pictures): they cannot"
                            + " be told apart, and another split could name another one.",
                    curves.bestEpoch(),
                    alike,
                    alike == 1 ? "epoch lies" : "epochs lie",
                    Text.percent(interval.low()),
                    Text.percent(interval.high()),
                    data.choice().part()));
        }
        if (data.choice().part().equals("test")) {
            limits.add(format(
                    "There are no validation pictures: the epoch was chosen as the best of %d looks at the test pictures"
                            + " it is reported on, so its accuracy is optimistic. Calibration was skipped, since it needs"
                            + " pictures of its own.",
                    accuracies.size()));
        }
    }

    private void training() {
        LearningCurves curves = data.curves();
        int n = curves.trainAcc().size();
        int best = curves.bestEpoch();
        if (n == 1) {
            limits.add("One epoch was trained: the curves show no trend yet.");
        } else if (best == n) {
            limits.add("The last epoch is the best: training longer may give more.");
        }
        if (best >= 1 && best <= n) {
            double gap = curves.trainAcc().get(best - 1) - curves.checkedAcc().get(best - 1);
            if (gap > 0.1) {
                limits.add(format(
                        "In the best epoch the accuracy on the training pictures is %.1f points higher than on the"
                                + " others: the network has learned some of them by heart.",
                        100 * gap));
            }
        }
    }

    private void classes() {
        List<ClassScore> scores = data.scores().perClass();
        some(
                i -> scores.get(i).n() < FEW,
                "has fewer than " + FEW + " " + data.scores().part() + " pictures",
                "have fewer than " + FEW + " " + data.scores().part() + " pictures",
                "single pictures move the figures of such a class by several points.");
        some(
                i -> scores.get(i).n() > 0 && scores.get(i).recall() == 0,
                "was never found",
                "were never found",
                "the overall accuracy hides that.");
        for (Part part : data.parts()) {
            int most = Collections.max(part.counts());
            int least = Collections.min(part.counts());
            if (part.name().equals("train") && most > 3 * least) {
                limits.add(format(
                        "The classes are uneven: the largest has %d training pictures, the smallest %d. Accuracy favours"
                                + " the large ones; the table by class does not.",
                        most, least));
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
        data.calibration().ifPresent(this::calibration);
    }

    private void calibration(Calibration calibration) {
        double confidence = mean(calibration, true);
        double accuracy = mean(calibration, false);
        if (calibration.ece() > 0.05) {
            limits.add(format(
                    "The probabilities are off by %.1f points on average; the model is %s than it should be.",
                    100 * calibration.ece(), confidence > accuracy ? "surer" : "less sure"));
        }
    }

    private static double mean(Calibration calibration, boolean confidence) {
        double sum = 0;
        long n = 0;
        for (Calibration.Bin bin : calibration.bins()) {
            sum += bin.n() * (confidence ? bin.confidence() : bin.accuracy());
            n += bin.n();
        }
        return n == 0 ? 0 : sum / n;
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
