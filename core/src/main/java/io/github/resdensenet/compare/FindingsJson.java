package io.github.resdensenet.compare;

import io.github.resdensenet.eval.McNemar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@link Findings} as the fields of a JSON object. Fractions are 0 to 1; an unknown interval is an empty list. */
final class FindingsJson {
    private FindingsJson() {}

    static Map<String, Object> of(Findings findings) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("options", findings.options());
        all.put("classes", findings.rows().get(0).classes());
        all.put(
                "test_pictures",
                findings.rows().get(0).predictions().get(0).answers().size());
        all.put("machine", findings.machine());
        if (findings.margin() > 0) {
            all.put("margin", findings.margin());
        }
        all.put("rows", findings.rows().stream().map(FindingsJson::row).toList());
        all.put("pairs", findings.pairs().stream().map(FindingsJson::pair).toList());
        all.put("verdict", findings.verdict());
        return all;
    }

    /** The fields of a row, which are also the columns of the CSV file. */
    static Map<String, Object> row(Row row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", row.title());
        fields.put("recipe", row.recipe());
        fields.put("params", row.size().parameters());
        fields.put("macs", row.size().macs());
        fields.put("weights_bytes", row.size().bytes());
        fields.put("accuracy", row.accuracy().mean());
        fields.put("accuracy_ci95", interval(row.accuracy()));
        fields.put("accuracy_by_seed", row.accuracies());
        fields.put("macro_f1", row.macroF1().mean());
        fields.put("macro_f1_ci95", interval(row.macroF1()));
        fields.put("macro_f1_by_seed", row.macroF1s());
        fields.put("train_images_per_second", row.speed().imagesPerSecond());
        fields.put("infer_ms_per_image", row.speed().inferenceMs());
        fields.put("peak_rss_mb", row.speed().peakMegabytes());
        fields.put("engine", row.speed().engine());
        fields.put("shortcut", row.size().traits().shortcut());
        fields.put("feature_reuse", row.size().traits().featureReuse());
        fields.put("gradient_path", row.size().traits().gradientPath());
        fields.put("activation", row.size().traits().activation());
        fields.put("augmentation", row.augmentation());
        fields.put("schedule", row.schedule());
        fields.put("regularisation", row.regularisation());
        fields.put("runs", row.runs());
        return fields;
    }

    private static Map<String, Object> pair(Pair pair) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("first", pair.first().name());
        fields.put("second", pair.second().name());
        fields.put("accuracy_difference", pair.difference().mean());
        fields.put("accuracy_difference_ci95", interval(pair.difference()));
        if (!Double.isNaN(pair.tP())) {
            fields.put("paired_t_p", pair.tP());
        }
        fields.put("only_first_right", pair.pooled().onlyFirst());
        fields.put("only_second_right", pair.pooled().onlySecond());
        fields.put("mcnemar_p", pair.pooled().p());
        fields.put("mcnemar_p_by_seed", pair.perSeed().stream().map(McNemar::p).toList());
        fields.put("mcnemar_p_corrected", pair.holm());
        if (!Double.isNaN(pair.equivalenceP())) {
            fields.put("equivalence_p_corrected", pair.equivalenceP());
        }
        fields.put("outcome", pair.outcome().name().toLowerCase(java.util.Locale.ROOT));
        return fields;
    }

    private static List<Double> interval(MeanInterval mean) {
        return mean.isKnown() ? List.of(mean.low(), mean.high()) : List.of();
    }
}
