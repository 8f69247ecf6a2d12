package io.github.resdensenet.eval;

import io.github.resdensenet.data.Csv;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** An {@link Evaluation} in words, as the fields of a JSON object, and as lines of CSV. */
public final class EvaluationText {
    private EvaluationText() {}

    /**
     * The article's two lines, every figure with its interval, the table of classes and the confusion matrix.
     *
     * @param title the architecture's name in print
     * @param split the part that was evaluated
     */
    public static List<String> lines(Evaluation e, String title, String split) {
        List<String> lines = new ArrayList<>();
        String part = split.substring(0, 1).toUpperCase(Locale.ROOT) + split.substring(1);
        Interval interval = e.accuracyInterval();
        lines.add(title + " Best " + part + " Accuracy: " + Decimal.percent(e.accuracy()) + "%");
        lines.add(title + " Best " + part + " Loss: " + Decimal.fixed(e.loss(), 4));
        lines.add("%d of %d right; 95%% interval %s%% to %s%%"
                .formatted(
                        e.confusion().hits(),
                        e.n(),
                        Decimal.percent(interval.low()),
                        Decimal.percent(interval.high())));
        lines.addAll(figures(e));
        lines.addAll(classes(e));
        return lines;
    }

    private static List<String> figures(Evaluation e) {
        List<String> lines = new ArrayList<>();
        String drawn = e.groups() > 0 ? "by " + e.groups() + " groups" : "Wilson, bootstrap";
        lines.add("figure                       value  95%% interval (%s)".formatted(drawn));
        for (Figure figure : e.figures()) {
            if (figure.name().startsWith("micro_")) { // with one class a picture, the accuracy once more
                continue;
            }
            String bounds = figure.ci95()
                    .map(ci -> Decimal.fixed(ci.low(), 4) + " to " + Decimal.fixed(ci.high(), 4))
                    .orElse("- (" + figure.reason() + ")");
            lines.add("%-26s %7s  %s".formatted(figure.name().replace('_', ' '), text(figure, 4), bounds));
        }
        lines.add(
                e.temperature().isNone()
                        ? "probabilities are not calibrated"
                        : "probabilities are calibrated with temperature %s: NLL %s, raw %s; ECE %s, raw %s"
                                .formatted(
                                        Decimal.fixed(e.temperature().value(), 3),
                                        text(e.figure("nll"), 4),
                                        text(e.figure("nll_raw"), 4),
                                        text(e.figure("ece"), 4),
                                        text(e.figure("ece_raw"), 4)));
        return lines;
    }

    private static List<String> classes(Evaluation e) {
        List<String> lines = new ArrayList<>();
        int width = Math.max(
                5, e.classes().stream().mapToInt(EvaluationText::columns).max().orElse(0));
        lines.add(pad("class", width) + "      n  precision  recall     F1    AUC     AP");
        for (ClassFigures c : e.perClass()) {
            lines.add(pad(c.name(), width)
                    + "%7d  %9s  %6s  %5s  %5s  %5s"
                            .formatted(
                                    c.n(),
                                    text(c.precision(), 3),
                                    text(c.recall(), 3),
                                    text(c.f1(), 3),
                                    text(c.rocAuc(), 3),
                                    text(c.averagePrecision(), 3)));
        }
        lines.add("confusion (rows: truth, columns: predicted, in the order above)");
        for (int c = 0; c < e.classes().size(); c++) {
            StringBuilder row = new StringBuilder(pad(e.classes().get(c), width));
            e.confusion().counts().get(c).forEach(n -> row.append("%7d".formatted(n)));
            lines.add(row.toString());
        }
        return lines;
    }

    private static String text(Figure figure, int digits) {
        return figure.value().isPresent() ? Decimal.fixed(figure.orNaN(), digits) : "-";
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - columns(text)));
    }

    /** Terminal columns: East Asian wide characters take two. */
    private static int columns(String text) {
        return text.codePoints().map(c -> wide(c) ? 2 : 1).sum();
    }

    private static boolean wide(int c) {
        return Character.isIdeographic(c) || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xFF01 && c <= 0xFF60);
    }

    /**
     * The fields, in the order in which they are printed: each figure X is followed by X_ci95, [low, high]. What has no
     * value or no interval is null, and "reasons" says why.
     */
    public static Map<String, Object> json(Evaluation e, String split) {
        Map<String, String> reasons = new TreeMap<>();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("split", split);
        fields.put("n", e.n());
        e.figures().forEach(figure -> put(fields, figure, figure.name(), reasons));
        fields.put("temperature", e.temperature().value());
        fields.put("classes", e.classes());
        fields.put("confusion", e.confusion().counts());
        List<Map<String, Object>> perClass = new ArrayList<>();
        for (ClassFigures c : e.perClass()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("class", c.name());
            row.put("n", c.n());
            Stream.of(c.precision(), c.recall(), c.f1(), c.rocAuc(), c.averagePrecision())
                    .forEach(figure -> put(row, figure, figure.name() + " of " + c.name(), reasons));
            perClass.add(row);
        }
        fields.put("per_class", perClass);
        fields.put("reliability", bins(e.reliability()));
        fields.put("reliability_raw", bins(e.rawReliability()));
        fields.put("interval_groups", e.groups());
        fields.put("reasons", reasons);
        return fields;
    }

    private static void put(Map<String, Object> fields, Figure figure, String of, Map<String, String> reasons) {
        fields.put(figure.name(), figure.value().isPresent() ? figure.orNaN() : null);
        fields.put(
                figure.name() + "_ci95",
                figure.ci95().map(ci -> List.of(ci.low(), ci.high())).orElse(null));
        if (!figure.reason().isEmpty()) {
            reasons.put(of, figure.reason());
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
     * The threshold for a precision, in words.
     *
     * @param found what {@link Abstention#reaching} found on the val pictures
     * @param e the evaluation that it is tried on as well
     * @param split that evaluation's part
     */
    public static List<String> lines(Optional<Abstention> found, double target, Evaluation e, String split) {
        if (found.isEmpty()) {
            return List.of("no threshold reaches a precision of " + target + " on the val pictures");
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
        return "  %s: answers %d of %d (%s%%), %d of them right; 95%% interval %s%% to %s%% (Wilson)"
                .formatted(
                        split,
                        coverage.answered(),
                        coverage.n(),
                        Decimal.percent(coverage.share()),
                        coverage.right(),
                        Decimal.percent(interval.low()),
                        Decimal.percent(interval.high()));
    }

    /** The same as fields; the threshold is null if none reaches the precision. */
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

    /** Picture by picture: path, true and predicted class, and the calibrated probability of each class. */
    public static String csv(Evaluation e) {
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
