package io.github.resdensenet.eval;

import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.util.Csv;
import io.github.resdensenet.util.Decimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Formats an {@link Evaluation} as text, JSON fields and CSV. */
final class EvaluationText {
    private EvaluationText() {}

    /**
     * The two lines of the article for a subset, all metrics with their intervals, a table of the classes and the confusion matrix.
     *
     * @param title display name of the architecture
     * @param split the evaluated subset: train, val, test or all
     */
    public static List<String> lines(Evaluation e, String title, String split) {
        List<String> lines = new ArrayList<>();
        boolean all = split.equals("all");
        String subset = all ? "" : "Best " + split.substring(0, 1).toUpperCase(Locale.ROOT) + split.substring(1) + " ";
        String images = all ? " on all images" : "";
        Interval interval = e.accuracyInterval();
        lines.add(title + " " + subset + "Accuracy" + images + ": " + Decimal.percent(e.accuracy()) + "%");
        if (!Double.isNaN(e.loss())) {
            lines.add(title + " " + subset + "Loss" + images + ": " + Decimal.fixed(e.loss(), 4));
        }
        lines.add(String.format(
                Locale.ROOT,
                "%d of %d correct; 95%% interval %s%% to %s%%",
                e.confusion().correct(),
                e.n(),
                Decimal.percent(interval.low()),
                Decimal.percent(interval.high())));
        lines.addAll(metrics(e));
        lines.addAll(classes(e));
        return lines;
    }

    private static List<String> metrics(Evaluation e) {
        List<String> lines = new ArrayList<>();
        String method = e.groups() > 0 ? "bootstrap of " + e.groups() + " groups" : "Wilson, bootstrap";
        lines.add(String.format(Locale.ROOT, "metric                       value  95%% interval (%s)", method));
        for (Metric metric : e.metrics()) {
            if (metric.name().startsWith("micro_")) { // equal to the accuracy with one label per image
                continue;
            }
            String bounds = metric.ci95()
                    .map(ci -> Decimal.fixed(ci.low(), 4) + " to " + Decimal.fixed(ci.high(), 4))
                    .orElse("- (" + metric.reason() + ")");
            lines.add(String.format(
                    Locale.ROOT, "%-26s %7s  %s", metric.name().replace('_', ' '), text(metric, 4), bounds));
        }
        lines.add(
                e.temperature().isNone()
                        ? "probabilities are not calibrated"
                        : String.format(
                                Locale.ROOT,
                                "probabilities are calibrated with temperature %s: NLL %s, raw %s; ECE %s, raw %s",
                                Decimal.fixed(e.temperature().value(), 3),
                                text(e.metric("nll"), 4),
                                text(e.metric("nll_raw"), 4),
                                text(e.metric("ece"), 4),
                                text(e.metric("ece_raw"), 4)));
        return lines;
    }

    private static List<String> classes(Evaluation e) {
        List<String> lines = new ArrayList<>();
        int width = Math.max(
                5, e.classes().stream().mapToInt(EvaluationText::columns).max().orElse(0));
        lines.add(pad("class", width) + "      n  precision  recall     F1    AUC     AP");
        for (ClassMetrics c : e.perClass()) {
            lines.add(pad(c.name(), width)
                    + String.format(
                            Locale.ROOT,
                            "%7d  %9s  %6s  %5s  %5s  %5s",
                            c.n(),
                            text(c.precision(), 3),
                            text(c.recall(), 3),
                            text(c.f1(), 3),
                            text(c.rocAuc(), 3),
                            text(c.averagePrecision(), 3)));
        }
        lines.add("confusion matrix (rows: true class, columns: predicted class, in the order above)");
        for (int c = 0; c < e.classes().size(); c++) {
            StringBuilder row = new StringBuilder(pad(e.classes().get(c), width));
            e.confusion().counts().get(c).forEach(n -> row.append(String.format(Locale.ROOT, "%7d", n)));
            lines.add(row.toString());
        }
        return lines;
    }

    private static String text(Metric metric, int digits) {
        return metric.value().isPresent() ? Decimal.fixed(metric.orNaN(), digits) : "-";
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - columns(text)));
    }

    /** Number of terminal columns; East Asian wide characters take two. */
    private static int columns(String text) {
        return text.codePoints().map(c -> wide(c) ? 2 : 1).sum();
    }

    private static boolean wide(int c) {
        return Character.isIdeographic(c) || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xFF01 && c <= 0xFF60);
    }

    /**
     * The fields of a JSON object. Each metric X is followed by X_ci95, [low, high]. Values and intervals that are
     * undefined are null, and "reasons" says why.
     *
     * @param split the evaluated subset: train, val, test or all
     */
    public static Map<String, Object> json(Evaluation e, String split) {
        Map<String, String> reasons = new TreeMap<>();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("split", split);
        fields.put("n", e.n());
        e.metrics().forEach(metric -> put(fields, metric, metric.name(), reasons));
        fields.put("temperature", e.temperature().value());
        fields.put("classes", e.classes());
        fields.put("confusion", e.confusion().counts());
        List<Map<String, Object>> perClass = new ArrayList<>();
        for (ClassMetrics c : e.perClass()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("class", c.name());
            row.put("n", c.n());
            Stream.of(c.precision(), c.recall(), c.f1(), c.rocAuc(), c.averagePrecision())
                    .forEach(metric -> put(row, metric, metric.name() + " of " + c.name(), reasons));
            perClass.add(row);
        }
        fields.put("per_class", perClass);
        fields.put("reliability", bins(e.reliability()));
        fields.put("reliability_raw", bins(e.rawReliability()));
        fields.put("interval_groups", e.groups());
        fields.put("reasons", reasons);
        return fields;
    }

    private static void put(Map<String, Object> fields, Metric metric, String name, Map<String, String> reasons) {
        fields.put(metric.name(), metric.value().isPresent() ? metric.orNaN() : null);
        fields.put(
                metric.name() + "_ci95",
                metric.ci95().map(ci -> List.of(ci.low(), ci.high())).orElse(null));
        if (!metric.reason().isEmpty()) {
            reasons.put(name, metric.reason());
        }
    }

    private static List<Map<String, Object>> bins(Reliability reliability) {
        return reliability.bins().stream()
                .map(bin -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("low", bin.low());
                    fields.put("high", bin.high());
                    fields.put("count", bin.count());
                    fields.put("confidence", bin.count() > 0 ? bin.confidence() : null);
                    fields.put("accuracy", bin.count() > 0 ? bin.accuracy() : null);
                    return fields;
                })
                .toList();
    }

    /**
     * Lines of text about the threshold for a precision.
     *
     * @param found the result of {@link Abstention#reaching} on the validation set
     * @param e another evaluation to apply the threshold to
     * @param split the subset of this evaluation: train, val, test or all
     */
    public static List<String> lines(Optional<Abstention> found, double target, Evaluation e, String split) {
        if (found.isEmpty()) {
            return List.of("no threshold reaches a precision of " + target + " on the validation set");
        }
        Abstention abstention = found.get();
        List<String> lines = new ArrayList<>();
        lines.add("for a precision of " + target + ": predict --abstain-below " + abstention.threshold());
        lines.add(words("val", abstention.chosen()));
        if (!split.equals("val")) {
            lines.add(words(split, abstention.on(e)));
        }
        return lines;
    }

    private static String words(String split, Abstention.Coverage coverage) {
        Interval interval = coverage.interval();
        return String.format(
                Locale.ROOT,
                "  %s: predicts %d of %d images (%s%%), %d of them correctly; 95%% interval %s%% to %s%% (Wilson)",
                split,
                coverage.answered(),
                coverage.n(),
                Decimal.percent(coverage.share()),
                coverage.right(),
                Decimal.percent(interval.low()),
                Decimal.percent(interval.high()));
    }

    /** The threshold as fields of a JSON object; the field "threshold" is null if none reaches the precision. */
    public static Map<String, Object> json(Optional<Abstention> found, double target, Evaluation e, String split) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("precision_target", target);
        fields.put("threshold", found.map(Abstention::threshold).orElse(null));
        found.ifPresent(abstention -> {
            fields.put("val", fields(abstention.chosen()));
            fields.put(split, fields(abstention.on(e)));
        });
        return fields;
    }

    private static Map<String, Object> fields(Abstention.Coverage coverage) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("n", coverage.n());
        fields.put("answered", coverage.answered());
        fields.put("coverage", coverage.share());
        fields.put("precision", coverage.answered() > 0 ? coverage.precision() : null);
        fields.put(
                "precision_ci95",
                List.of(coverage.interval().low(), coverage.interval().high()));
        return fields;
    }

    /** The predictions as CSV, one line per image: path, true class, predicted class and calibrated probabilities. */
    public static String csv(Evaluation e) {
        if (e.samples().size() < e.n()) {
            throw new IllegalStateException("this evaluation has no images");
        }
        List<String> header = new ArrayList<>(List.of("path", "truth", "predicted"));
        e.classes().forEach(name -> header.add("p_" + name));
        StringBuilder text = new StringBuilder(Csv.line(header));
        for (int i = 0; i < e.n(); i++) {
            List<String> row = new ArrayList<>(List.of(
                    e.samples().get(i).name(),
                    e.classes().get(e.truth().get(i)),
                    e.classes().get(e.predicted(i))));
            e.probabilities().get(i).forEach(p -> row.add(p.toString()));
            text.append(Csv.line(row));
        }
        return text.toString();
    }
}
