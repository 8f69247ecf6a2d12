package io.github.resdensenet.report;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Evaluation.RocCurve;
import io.github.resdensenet.eval.Reliability;
import io.github.resdensenet.plot.Chart;
import io.github.resdensenet.plot.Chart.Axis;
import io.github.resdensenet.plot.Chart.Axis.Unit;
import io.github.resdensenet.plot.LearningCurves;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/** The charts of the page, as HTML. */
final class PageCharts {
    /** How many ROC curves are shown, those with the smallest area. */
    static final int MOST_ROCS = 6;

    private static final int MOST_POINTS = 100;

    private PageCharts() {}

    /** Accuracy, loss and learning rate over epochs. */
    static List<String> curves(LearningCurves curves) {
        List<String> both = List.of("Training", curves.checked());
        return List.of(
                overEpochs(
                        "Accuracy",
                        Unit.FRACTION,
                        curves,
                        both,
                        List.of(curves.trainAcc(), curves.checkedAcc()),
                        Numbers::percent),
                overEpochs(
                        "Loss",
                        Unit.NUMBER,
                        curves,
                        both,
                        List.of(curves.trainLoss(), curves.checkedLoss()),
                        Numbers::decimal),
                overEpochs(
                        "Learning rate",
                        Unit.SCIENTIFIC,
                        curves,
                        List.of("Learning rate"),
                        List.of(curves.lr()),
                        Numbers::scientific));
    }

    private static String overEpochs(
            String title,
            Unit unit,
            LearningCurves curves,
            List<String> names,
            List<List<Double>> values,
            DoubleFunction<String> text) {
        int n = curves.trainAcc().size();
        Chart chart = new Chart(title, "Epoch", Axis.epochs(n), Axis.over(values, unit));
        List<Double> xs = IntStream.rangeClosed(1, n).mapToObj(i -> (double) i).toList();
        int best = curves.bestEpoch();
        if (best >= 1 && best <= n) {
            chart.mark(best, "best: epoch " + best);
        }
        for (int s = 0; s < values.size(); s++) {
            chart.curve(names.get(s), xs, values.get(s));
        }
        List<Double> last = values.get(values.size() - 1);
        for (int i = 0; i < n; i++) {
            List<String> read = new ArrayList<>();
            for (int s = 0; s < values.size(); s++) {
                read.add(names.get(s) + " " + text.apply(values.get(s).get(i)));
            }
            chart.point(
                    i + 1,
                    last.get(i),
                    "Epoch " + (i + 1) + ": " + String.join(", ", read) + (i + 1 == best ? " (best)" : ""));
        }
        return chart.html(names.get(names.size() - 1) + " went from " + text.apply(last.get(0)) + " to "
                + text.apply(last.get(n - 1)) + " in " + n + (n == 1 ? " epoch." : " epochs."));
    }

    /** Accuracy against confidence. */
    static String reliability(Reliability reliability) {
        Chart chart = new Chart("Reliability", "Confidence", Axis.fractions(), Axis.fractions()).diagonal();
        List<Reliability.Bin> bins =
                reliability.bins().stream().filter(bin -> bin.count() > 0).toList();
        chart.curve(
                "Accuracy",
                bins.stream().map(Reliability.Bin::confidence).toList(),
                bins.stream().map(Reliability.Bin::accuracy).toList());
        bins.forEach(bin -> chart.point(
                bin.confidence(),
                bin.accuracy(),
                String.format(
                        Locale.ROOT,
                        "%d predictions with confidence about %s: %s are correct",
                        bin.count(),
                        Numbers.percent(bin.confidence()),
                        Numbers.percent(bin.accuracy()))));
        return chart.html("On the dashed line, accuracy equals confidence.");
    }

    /** The classes with the smallest area under the curve, one against the rest. */
    static String roc(Evaluation test) {
        Chart chart = new Chart("ROC", "False positive rate", Axis.fractions(), Axis.fractions()).diagonal();
        IntStream.range(0, test.classes().size())
                .filter(c -> !test.rocCurves().get(c).points().isEmpty())
                .boxed()
                .sorted(Comparator.comparingDouble(
                        c -> test.perClass().get(c).rocAuc().orNaN()))
                .limit(MOST_ROCS)
                .forEach(c -> roc(chart, test, c));
        return chart.html("The dashed line is guessing, the top left corner is perfect.");
    }

    private static void roc(Chart chart, Evaluation test, int c) {
        String name = test.classes().get(c);
        List<RocCurve.Point> points = thinned(test.rocCurves().get(c).points());
        chart.curve(
                name + "  AUC "
                        + Numbers.decimal(test.perClass().get(c).rocAuc().orNaN()),
                points.stream().map(RocCurve.Point::falsePositiveRate).toList(),
                points.stream().map(RocCurve.Point::truePositiveRate).toList());
        points.forEach(point -> chart.point(
                point.falsePositiveRate(),
                point.truePositiveRate(),
                String.format(
                        Locale.ROOT,
                        "%s: true positive rate %s at false positive rate %s",
                        name,
                        Numbers.percent(point.truePositiveRate()),
                        Numbers.percent(point.falsePositiveRate()))));
    }

    private static List<RocCurve.Point> thinned(List<RocCurve.Point> points) {
        int n = points.size();
        int kept = Math.min(n, MOST_POINTS);
        return IntStream.range(0, kept)
                .mapToObj(i -> points.get(kept == 1 ? 0 : (int) Math.round(i * (n - 1.0) / (kept - 1))))
                .toList();
    }
}
