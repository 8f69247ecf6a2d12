package io.github.resdensenet.report;

import io.github.resdensenet.report.ReportData.Calibration;
import io.github.resdensenet.report.ReportData.Roc;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The charts of the page, as HTML. */
final class Charts {
    private static final Axis SHARES = new Axis(0, 1, 0.2);
    private static final int MOST_ROCS = 6;
    private static final int MOST_POINTS = 100;

    private Charts() {}

    /** Accuracy, loss and learning rate over epochs. */
    static List<String> curves(LearningCurves curves) {
        return List.of(
                overEpochs(
                        "Accuracy",
                        curves,
                        List.of("Training", curves.checked()),
                        List.of(curves.trainAcc(), curves.checkedAcc()),
                        Text::percent),
                overEpochs(
                        "Loss",
                        curves,
                        List.of("Training", curves.checked()),
                        List.of(curves.trainLoss(), curves.checkedLoss()),
                        Text::decimal),
                overEpochs("Learning rate", curves, List.of("Learning rate"), List.of(curves.lr()), Charts::small));
    }

    private static String small(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.2e", value);
    }

    private static String overEpochs(
            String title,
            LearningCurves curves,
            List<String> names,
            List<List<Double>> values,
            DoubleFunction<String> text) {
        int n = curves.trainAcc().size();
        int step = IntStream.of(1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
                .filter(s -> n <= 8 * s)
                .findFirst()
                .orElse(n);
        Axis x = n == 1 ? new Axis(0, 2, 1) : epochs(n, step);
        Axis y = Axis.over(values);
        boolean percent = title.equals("Accuracy");
        DoubleFunction<String> yLabel = tick -> title.equals("Learning rate")
                ? tick == 0 ? "0" : String.format(Locale.ROOT, "%.1e", tick)
                : percent ? y.label(tick * 100, 100) + "%" : y.label(tick, 1);
        WebChart chart = new WebChart(
                title,
                "Epoch",
                x,
                tick -> tick < 1 || tick > n ? "" : Integer.toString((int) Math.round(tick)),
                y,
                yLabel);
        List<Double> xs = IntStream.rangeClosed(1, n).mapToObj(i -> (double) i).toList();
        int best = curves.bestEpoch();
        if (best >= 1 && best <= n) {
            chart.mark(best, "best: epoch " + best);
        }
        for (int s = 0; s < values.size(); s++) {
            chart.curve(names.get(s), xs, values.get(s));
        }
        for (int i = 0; i < n; i++) {
            List<String> said = new ArrayList<>();
            for (int s = 0; s < values.size(); s++) {
                said.add(names.get(s) + " " + text.apply(values.get(s).get(i)));
            }
            chart.target(
                    i + 1,
                    values.get(values.size() - 1).get(i),
                    "Epoch " + (i + 1) + ": " + String.join(", ", said) + (i + 1 == best ? " (best)" : ""));
        }
        List<Double> last = values.get(values.size() - 1);
        return chart.html(names.get(names.size() - 1) + " went from " + text.apply(last.get(0)) + " to "
                + text.apply(last.get(n - 1)) + " in " + n + (n == 1 ? " epoch." : " epochs."));
    }

    /** An axis from epoch 1, with a tick at each multiple of the step. */
    private static Axis epochs(int n, int step) {
        return step == 1 ? new Axis(1, n, 1) : new Axis(0, Math.ceil(n / (double) step) * step, step);
    }

    /** How many of the answers of about one confidence are right. */
    static String reliability(Calibration calibration) {
        WebChart chart =
                new WebChart("Reliability", "Confidence", SHARES, Charts::whole, SHARES, Charts::whole).diagonal();
        List<Calibration.Bin> bins =
                calibration.bins().stream().filter(bin -> bin.n() > 0).toList();
        chart.curve(
                "Right answers",
                bins.stream().map(Calibration.Bin::confidence).toList(),
                bins.stream().map(Calibration.Bin::accuracy).toList());
        bins.forEach(bin -> chart.target(
                bin.confidence(),
                bin.accuracy(),
                "Of %d answers with confidence about %s, %s are right"
                        .formatted(bin.n(), Text.percent(bin.confidence()), Text.percent(bin.accuracy()))));
        return chart.html("On the dashed line as many answers are right as their confidence says.");
    }

    /** The classes with the smallest area, one against the rest. */
    static String roc(List<Roc> all) {
        WebChart chart =
                new WebChart("ROC", "False positives", SHARES, Charts::whole, SHARES, Charts::whole).diagonal();
        for (Roc roc : shown(all)) {
            int[] kept = thinned(roc.truePositives().size());
            List<Double> xs =
                    IntStream.of(kept).mapToObj(roc.falsePositives()::get).toList();
            List<Double> ys =
                    IntStream.of(kept).mapToObj(roc.truePositives()::get).toList();
            chart.curve(roc.name() + "  AUC " + Text.decimal(roc.auc()), xs, ys);
            for (int i = 0; i < xs.size(); i++) {
                chart.target(
                        xs.get(i),
                        ys.get(i),
                        roc.name() + ": finds " + Text.percent(ys.get(i)) + " with " + Text.percent(xs.get(i))
                                + " of the others taken for it");
            }
        }
        return chart.html("On the dashed line an answer is a guess; the top left corner is perfect.");
    }

    static List<Roc> shown(List<Roc> all) {
        return all.stream()
                .sorted(Comparator.comparingDouble(Roc::auc))
                .limit(MOST_ROCS)
                .toList();
    }

    private static int[] thinned(int n) {
        int points = Math.min(n, MOST_POINTS);
        return DoubleStream.iterate(0, i -> i + 1)
                .limit(points)
                .mapToInt(i -> points == 1 ? 0 : (int) Math.round(i * (n - 1) / (points - 1)))
                .toArray();
    }

    private static String whole(double share) {
        return Math.round(100 * share) + "%";
    }
}
