package io.github.resdensenet.eval;

import io.github.resdensenet.eval.ConfusionMatrix.ClassScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An {@link Evaluation} in words, and as the fields of a JSON object. */
public final class EvaluationText {
    private EvaluationText() {}

    /**
     * The article's two lines, the interval, the table of classes and the confusion matrix.
     *
     * @param title the architecture's name in print
     * @param split the part that was evaluated
     */
    public static List<String> lines(Evaluation e, String title, String split) {
        List<String> lines = new ArrayList<>();
        String part = split.substring(0, 1).toUpperCase(Locale.ROOT) + split.substring(1);
        ConfusionMatrix confusion = e.confusion();
        Wilson interval = e.accuracyInterval();
        lines.add(title + " Best " + part + " Accuracy: " + Decimal.percent(e.accuracy()) + "%");
        lines.add(title + " Best " + part + " Loss: " + Decimal.fixed(e.loss(), 4));
        lines.add("%d of %d right; 95%% interval %s%% to %s%% (Wilson); NLL without smoothing %s; macro F1 %s"
                .formatted(
                        confusion.hits(),
                        e.n(),
                        Decimal.percent(interval.low()),
                        Decimal.percent(interval.high()),
                        Decimal.fixed(e.nll(), 4),
                        Decimal.fixed(confusion.macroF1(), 3)));
        int width = Math.max(
                5, e.classes().stream().mapToInt(EvaluationText::columns).max().orElse(0));
        lines.add(pad("class", width) + "      n  precision  recall     F1");
        for (int c = 0; c < e.classes().size(); c++) {
            ClassScore score = confusion.score(c);
            lines.add(pad(e.classes().get(c), width)
                    + "%7d  %9s  %6s  %5s"
                            .formatted(
                                    score.n(),
                                    Decimal.fixed(score.precision(), 3),
                                    Decimal.fixed(score.recall(), 3),
                                    Decimal.fixed(score.f1(), 3)));
        }
        lines.add("confusion (rows: truth, columns: predicted, in the order above)");
        for (int c = 0; c < e.classes().size(); c++) {
            StringBuilder row = new StringBuilder(pad(e.classes().get(c), width));
            confusion.counts().get(c).forEach(n -> row.append("%7d".formatted(n)));
            lines.add(row.toString());
        }
        return lines;
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

    /** The fields, in the order in which they are printed. */
    public static Map<String, Object> json(Evaluation e, String split) {
        ConfusionMatrix confusion = e.confusion();
        Wilson interval = e.accuracyInterval();
        List<Map<String, Object>> perClass = new ArrayList<>();
        for (int c = 0; c < e.classes().size(); c++) {
            ClassScore score = confusion.score(c);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("class", e.classes().get(c));
            fields.put("n", score.n());
            fields.put("precision", score.precision());
            fields.put("recall", score.recall());
            fields.put("f1", score.f1());
            perClass.add(fields);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("split", split);
        fields.put("n", e.n());
        fields.put("accuracy", e.accuracy());
        fields.put("accuracy_ci95", List.of(interval.low(), interval.high()));
        fields.put("loss", e.loss());
        fields.put("nll", e.nll());
        fields.put("classes", e.classes());
        fields.put("confusion", confusion.counts());
        fields.put("per_class", perClass);
        fields.put("macro_f1", confusion.macroF1());
        return fields;
    }
}
