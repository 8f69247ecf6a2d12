package io.github.resdensenet.serve;

import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the page says about a model: its classes, its training and the metrics on its test set. */
final class ModelCard {
    private static final List<String> METRICS =
            List.of("accuracy", "balanced_accuracy", "macro_f1", "macro_roc_auc", "ece");
    private static final long MAX_BYTES = 16 << 20;

    private ModelCard() {}

    static Map<String, Object> of(ServedModel model) {
        Manifest manifest = model.manifest();
        Map<String, Object> card = new LinkedHashMap<>();
        card.put("name", model.name());
        card.put("checkpoint", model.version());
        card.put("architecture", manifest.model().title());
        card.put("parameters", model.classifier().model().parameterCount());
        card.put("image_size", model.size());
        card.put("resize", model.classifier().preprocessing().resize().toString());
        card.put("classes", model.classifier().classes());
        card.put("trained_on", String.valueOf(Path.of(manifest.data()).getFileName()));
        card.put("epochs", manifest.history().size());
        card.put("precision", model.classifier().precision());
        card.put("calibrated", !model.classifier().temperature().isNone());
        JsonNode metrics = metrics(model);
        card.put("report", !metrics.isEmpty() && Files.isRegularFile(report(model.run())));
        JsonNode test = metrics.path("test");
        card.put("test_images", test.path("n").asInt(0));
        card.put("metrics", metrics(test));
        card.put("per_class", perClass(test));
        card.put(
                "limits",
                metrics.path("limits")
                        .valueStream()
                        .map(limit -> limit.asString(""))
                        .toList());
        model.drift().ifPresent(drift -> card.put("drift", drift.json()));
        return card;
    }

    static Path report(Run run) {
        return run.file("report.html");
    }

    /**
     * The evaluation at the end of training; empty if the training is not complete, or the evaluation is of another
     * checkpoint. Runs of earlier versions do not say of which it is.
     */
    private static JsonNode metrics(ServedModel model) {
        JsonMapper json = JsonMapper.shared();
        try {
            JsonNode metrics = json.readTree(Text.read(model.run().file("metrics.json"), MAX_BYTES));
            String weights = model.manifest().weightsSha256();
            return metrics.path("weights_sha256").asString(weights).equals(weights) ? metrics : json.createObjectNode();
        } catch (IOException | JacksonException e) {
            return json.createObjectNode();
        }
    }

    private static Map<String, Object> metrics(JsonNode test) {
        Map<String, Object> metrics = new LinkedHashMap<>();
        for (String name : METRICS) {
            if (test.path(name).isNumber()) {
                Map<String, Object> metric = new LinkedHashMap<>();
                metric.put("value", test.path(name).asDouble());
                JsonNode interval = test.path(name + "_ci95");
                if (interval.size() == 2) {
                    metric.put(
                            "ci95",
                            List.of(interval.get(0).asDouble(), interval.get(1).asDouble()));
                }
                metrics.put(name, metric);
            }
        }
        return metrics;
    }

    private static List<Map<String, Object>> perClass(JsonNode test) {
        return test.path("per_class")
                .valueStream()
                .map(row -> {
                    Map<String, Object> fields = new LinkedHashMap<>();
                    fields.put("class", row.path("class").asString(""));
                    fields.put("images", row.path("n").asInt(0));
                    fields.put("recall", row.path("recall").asDouble(Double.NaN));
                    fields.put("precision", row.path("precision").asDouble(Double.NaN));
                    fields.values().removeIf(value -> value instanceof Double number && number.isNaN());
                    return fields;
                })
                .toList();
    }
}
