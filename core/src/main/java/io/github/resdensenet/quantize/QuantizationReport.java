package io.github.resdensenet.quantize;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.McNemar;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.util.Decimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the quantisation of a run has changed. */
public final class QuantizationReport {
    private final Path file;
    private final int images;
    private final List<String> layers;
    private final Set<String> floatLayers;
    private final double maxDrop;
    private final Subset subset;
    private final Evaluation before;
    private final Evaluation after;
    private final McNemar test;

    QuantizationReport(
            Path file,
            int images,
            List<String> layers,
            Set<String> floatLayers,
            double maxDrop,
            Subset subset,
            ModelOutputs before,
            ModelOutputs after,
            Temperature temperatureBefore,
            Temperature temperatureAfter) {
        this.file = file;
        this.images = images;
        this.layers = layers;
        this.floatLayers = floatLayers;
        this.maxDrop = maxDrop;
        this.subset = subset;
        this.before = Evaluation.of(before, temperatureBefore, false);
        this.after = Evaluation.of(after, temperatureAfter, false);
        this.test = McNemar.of(before.correct(), after.correct());
    }

    /** The report as lines of text. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(file + ": ranges measured on " + images + " training images, " + (layers.size() - floatLayers.size())
                + " of " + layers.size() + " convolutions in 8 bits");
        if (!floatLayers.isEmpty()) {
            lines.add("In more bits, to keep the accuracy: "
                    + String.join(
                            ", ", layers.stream().filter(floatLayers::contains).toList()));
        }
        lines.add("On the " + before.n() + " images of the " + subset.title() + " set:");
        lines.add(line("fp32", before));
        lines.add(line("int8", after));
        lines.add("Correct only in fp32: " + test.onlyFirst() + ", only in int8: " + test.onlySecond()
                + "; McNemar's exact test: p = " + Decimal.fixed(test.p(), 3));
        if (isAboveMaxDrop()) {
            lines.add("The accuracy falls by more than " + maxDrop + " points even with these layers in more bits.");
        }
        if (subset == Subset.TRAIN) {
            lines.add(
                    "The run has no validation set: these images were used in training, and the temperature is that of"
                            + " fp32.");
        }
        return lines;
    }

    private boolean isAboveMaxDrop() {
        return after.accuracy() < before.accuracy() - maxDrop / 100;
    }

    private static String line(String precision, Evaluation e) {
        return "  " + precision + "  accuracy " + Decimal.percent(e.accuracy()) + "%, NLL "
                + Decimal.fixed(e.nll(), 4) + ", ECE "
                + Decimal.fixed(e.metric("ece").orNaN(), 4) + ", temperature "
                + Decimal.fixed(e.temperature().value(), 3);
    }

    /** The report as the fields of a JSON object. */
    public Map<String, Object> json() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("file", file.toString());
        fields.put("images", images);
        fields.put("layers", layers.size());
        fields.put("float_layers", layers.stream().filter(floatLayers::contains).toList());
        fields.put("above_max_drop", isAboveMaxDrop());
        fields.put("split", subset.label());
        fields.put("n", before.n());
        fields.put("fp32", fields(before));
        fields.put("int8", fields(after));
        fields.put("only_fp32_correct", test.onlyFirst());
        fields.put("only_int8_correct", test.onlySecond());
        fields.put("mcnemar_p", test.p());
        return fields;
    }

    private static Map<String, Object> fields(Evaluation e) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("accuracy", e.accuracy());
        fields.put("nll", e.nll());
        fields.put("ece", e.metric("ece").orNaN());
        fields.put("temperature", e.temperature().value());
        return fields;
    }
}
