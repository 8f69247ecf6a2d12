package io.github.resdensenet.quantize;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.engine.Calibration;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.Quantization;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.eval.QuantizationFile;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Prepares the best checkpoint of a run for inference in 8 bits, without training.
 *
 * <p>The ranges of all values are measured on training images. If the accuracy on the validation set then falls by more
 * than allowed, the layers whose rounding changes the logits most are computed in bfloat16 instead (float32 on processors
 * without it). The temperature is fitted again.
 *
 * <p>Sets libtorch's number of threads, which applies to the whole process. Not safe for use by several threads.
 */
public final class Quantizer {
    /** Number of training images on which ranges are measured, unless stated otherwise. */
    public static final int IMAGES = 256;
    /** Largest fall of the accuracy in percentage points, unless stated otherwise. */
    public static final double MAX_DROP = 0.5;

    /** Receives what is being done, and how many of how many items are done. */
    public interface Progress {
        /** Reports the progress of a part of the work. */
        void report(String what, int done, int total);
    }

    /** Up to this number of layers, one is added at a time, then half of them. */
    private static final int FINE_STEPS = 8;

    private static final long SEED = 0;
    private static final int MOST_IMAGES = 10_000;

    private final Run run;
    private final Checkpoint best;
    private final Manifest manifest;
    private final Recipe recipe;
    private final Progress progress;

    /**
     * Creates a quantiser of a run.
     *
     * @param progress receives what is being done and how much of it
     * @throws IOException if the run has no best checkpoint, or a file of the run is corrupt
     */
    public Quantizer(Run run, Progress progress) throws IOException {
        this.run = run;
        this.best = run.readModel();
        this.manifest = best.manifest();
        this.recipe = Recipe.read(run.file("recipe.yaml"));
        this.progress = progress;
    }

    /**
     * Writes quantization.json into the run folder.
     *
     * @param images number of training images on which ranges are measured; all if the run has fewer
     * @param maxDrop largest fall of the accuracy on the validation set in percentage points
     * @param moved new location of the run's images; null if they have not moved
     * @throws IOException if an image is missing or has changed, or the file cannot be written
     * @throws IllegalArgumentException if a number is out of range
     * @throws UnsupportedOperationException if this processor cannot compute in 8 bits
     */
    public QuantizationReport quantize(int images, double maxDrop, @Nullable Path moved) throws IOException {
        if (images < 1 || images > MOST_IMAGES) {
            throw new IllegalArgumentException("--images must be 1 to " + MOST_IMAGES + ", got " + images);
        }
        if (!(maxDrop >= 0 && maxDrop <= 100)) {
            throw new IllegalArgumentException("--max-drop must be 0 to 100 percentage points, got " + maxDrop);
        }
        Inference.require(InferencePrecision.INT8);
        if (!Files.isWritable(run.folder())) {
            throw new AccessDeniedException(run.folder().toString());
        }
        RunEvaluator evaluator = new RunEvaluator(run, best);
        List<Sample> training = chosen(evaluator.samples(Subset.TRAIN, moved), images);
        boolean validated = recipe.data().split().val() > 0;
        List<Sample> evaluated = validated ? evaluator.samples(Subset.VAL, moved) : training;
        int threads = NativeSettings.apply(recipe.train().threads());
        try (ImageClassifier model = best.model(run.best());
                Images measured = new Images(training, manifest, recipe, threads);
                Images compared = new Images(evaluated, manifest, recipe, threads)) {
            Calibration calibration =
                    new Calibration(model, manifest.preprocessing().imageSize());
            Quantization all = calibrate(calibration, measured);
            ModelOutputs before = outputs(Inference.fused(model, size(), InferencePrecision.FP32, threads), compared);
            Quantization chosen = all;
            ModelOutputs after = outputs(model, all, compared, threads);
            double allowed = before.accuracy() - maxDrop / 100;
            if (after.accuracy() < allowed) {
                List<String> order = bySensitivity(model, all, calibration.layers(), measured, threads);
                int n = 0;
                while (after.accuracy() < allowed && n < order.size()) {
                    n = Math.min(order.size(), n + (n < FINE_STEPS ? 1 : n / 2));
                    progress.report("Choosing layers", n, order.size());
                    chosen = all.withFloatLayers(Set.copyOf(order.subList(0, n)));
                    after = outputs(model, chosen, compared, threads);
                }
            }
            Temperature temperature = validated ? Temperature.fit(after) : new Temperature(manifest.temperature());
            Path file = QuantizationFile.of(best, measured.count(), SEED, temperature, chosen)
                    .write(run);
            return new QuantizationReport(
                    file,
                    measured.count(),
                    calibration.layers(),
                    chosen.floatLayers(),
                    maxDrop,
                    validated ? Subset.VAL : Subset.TRAIN,
                    before,
                    after,
                    new Temperature(manifest.temperature()),
                    temperature);
        }
    }

    private int size() {
        return manifest.preprocessing().imageSize();
    }

    /** A seeded choice of samples. */
    private static List<Sample> chosen(List<Sample> samples, int most) {
        return Arrays.stream(KeyedRandom.of(SEED).permutation(samples.size()))
                .limit(most)
                .sorted()
                .mapToObj(samples::get)
                .toList();
    }

    private Quantization calibrate(Calibration calibration, Images images) {
        int[] done = {0};
        images.forEachBatch(batch -> {
            calibration.measure(batch.pixels(), batch.count());
            done[0] += batch.count();
            progress.report("Measuring ranges", done[0], 2 * images.count());
        });
        images.forEachBatch(batch -> {
            calibration.count(batch.pixels(), batch.count());
            done[0] += batch.count();
            progress.report("Measuring ranges", done[0], 2 * images.count());
        });
        return calibration.quantization();
    }

    private ModelOutputs outputs(ImageClassifier model, Quantization quantization, Images images, int threads) {
        return outputs(Inference.quantized(model, size(), quantization, threads), images);
    }

    private static ModelOutputs outputs(Inference inference, Images images) {
        try (inference) {
            return images.outputs(inference);
        }
    }

    /** The layers, in descending order of how much closer the logits come to float32 if only this layer has more bits. */
    private List<String> bySensitivity(
            ImageClassifier model, Quantization all, List<String> layers, Images images, int threads) {
        ModelOutputs exact = outputs(Inference.fused(model, size(), InferencePrecision.FP32, threads), images);
        Map<String, Double> errors = new LinkedHashMap<>();
        for (String layer : layers) {
            progress.report("Measuring layers", errors.size() + 1, layers.size());
            ModelOutputs outputs = outputs(model, all.withFloatLayers(Set.of(layer)), images, threads);
            errors.put(layer, squaredDifference(exact.logits(), outputs.logits()));
        }
        return errors.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static double squaredDifference(double[][] a, double[][] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int c = 0; c < a[i].length; c++) {
                sum += (a[i][c] - b[i][c]) * (a[i][c] - b[i][c]);
            }
        }
        return sum;
    }
}
