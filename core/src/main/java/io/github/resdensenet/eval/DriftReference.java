package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.StrictJson;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;

/**
 * How a model's images and predictions are distributed on its validation set, to recognise later images that differ.
 *
 * @param images number of validation images
 * @param histograms one histogram per feature, in the order of {@link #FEATURES}
 */
public record DriftReference(int images, List<Histogram> histograms) {
    /** Names of the features: two of the prediction and three of the network's input. */
    public static final List<String> FEATURES =
            List.of("confidence", "predicted_class", "brightness", "contrast", "sharpness");

    /** Fewer images than this say too little about the distribution. */
    public static final int MIN_IMAGES = 50;

    /** More images than this add nothing. */
    public static final int MAX_IMAGES = 2_000;

    private static final String FILE = "drift.json";
    private static final long MAX_BYTES = 1 << 20;

    /** Copies the histograms and checks their number. */
    public DriftReference {
        histograms = List.copyOf(histograms);
        if (histograms.size() != FEATURES.size()) {
            throw new IllegalArgumentException("histograms must be " + FEATURES.size() + ", got " + histograms.size());
        }
    }

    /** Number of bins of a feature's histogram. */
    public int bins(int feature) {
        return histograms.get(feature).counts().size();
    }

    /** The bin of a feature's value, from 0. */
    public int bin(int feature, double value) {
        return histograms.get(feature).bin(value);
    }

    /**
     * The population stability index of other images: the sum over bins of (q - p) ln(q / p), where p and q are the
     * fractions of both sides. It is 0 for equal distributions; half an image is added to each bin.
     *
     * @param counts number of other images per bin of the feature
     */
    public double stabilityIndex(int feature, int[] counts) {
        return histograms.get(feature).stabilityIndex(counts);
    }

    /**
     * The features of the network's input for an image: brightness, contrast and sharpness.
     *
     * @param input float32 [3, S, S], from position {@code at} on
     * @param size S
     * @param normalize how the input was normalised
     */
    public static double[] statistics(FloatBuffer input, int at, int size, Normalize normalize) {
        InputStatistics statistics = InputStatistics.of(input, at, size, normalize);
        return new double[] {statistics.brightness(), statistics.contrast(), statistics.sharpness()};
    }

    /**
     * The features of an image, in the order of {@link #FEATURES}.
     *
     * @param probabilities calibrated probability per class
     * @param statistics the result of {@link #statistics}
     */
    public static double[] features(double[] probabilities, double[] statistics) {
        int predicted = ModelOutputs.largest(probabilities);
        return new double[] {probabilities[predicted], predicted, statistics[0], statistics[1], statistics[2]};
    }

    /**
     * Computes the reference of a model; empty if there are fewer than {@value #MIN_IMAGES} images.
     *
     * @param outputs the model's outputs for the validation set
     * @param batches the same images in the same order; of more than {@value #MAX_IMAGES}, evenly spaced ones are used
     * @param normalize how the batches were normalised
     */
    static Optional<DriftReference> of(
            ModelOutputs outputs, Temperature temperature, Iterable<Batch> batches, Normalize normalize) {
        if (outputs.n() < MIN_IMAGES) {
            return Optional.empty();
        }
        int every = (outputs.n() + MAX_IMAGES - 1) / MAX_IMAGES;
        List<double[]> rows = new ArrayList<>();
        int image = 0;
        for (Batch batch : batches) {
            try (batch) {
                for (int i = 0; i < batch.count(); i++, image++) {
                    if (image % every == 0) {
                        double[] probabilities = temperature.probabilities(outputs.logits()[image]);
                        int at = i * 3 * batch.size() * batch.size();
                        rows.add(features(probabilities, statistics(batch.memory(), at, batch.size(), normalize)));
                    }
                }
            }
        }
        return Optional.of(of(rows, outputs.classes().size()));
    }

    /**
     * A reference of images with given features.
     *
     * @param rows the features of each image, see {@link #features}
     * @param classes number of classes
     */
    public static DriftReference of(List<double[]> rows, int classes) {
        List<Histogram> histograms = IntStream.range(0, FEATURES.size())
                .mapToObj(f -> {
                    double[] values = rows.stream().mapToDouble(row -> row[f]).toArray();
                    return FEATURES.get(f).equals("predicted_class")
                            ? Histogram.ofClasses(values, classes)
                            : Histogram.of(values);
                })
                .toList();
        return new DriftReference(rows.size(), histograms);
    }

    /** Writes drift.json into a run folder. */
    public void write(Run run) throws IOException {
        AtomicFiles.write(run.file(FILE), StrictJson.MAPPER.writeValueAsString(this) + "\n");
    }

    /**
     * Reads drift.json of a run; empty if there is none, as in runs of earlier versions.
     *
     * @throws IOException if the file is corrupt
     */
    public static Optional<DriftReference> read(Run run) throws IOException {
        Path file = run.file(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(StrictJson.MAPPER.readValue(Text.read(file, MAX_BYTES), DriftReference.class));
        } catch (JacksonException e) {
            throw new IOException(file + ": not the reference of a drift check: " + Text.problem("JSON", e));
        }
    }
}
