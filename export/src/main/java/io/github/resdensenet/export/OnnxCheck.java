package io.github.resdensenet.export;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Compares an ONNX file, run by ONNX Runtime, with the classifier that it was made from.
 *
 * @param images number of images that were compared
 * @param logits largest difference of a logit, relative to the largest absolute logit of its image
 * @param probabilities largest difference of a calibrated probability
 * @param otherClass number of images with another predicted class
 */
public record OnnxCheck(int images, double logits, double probabilities, int otherClass) {
    private static final double MAX_LOGITS = 1e-5;
    /** Larger than usual, because large logits divided by a small temperature enlarge differences. */
    private static final double MAX_PROBABILITIES = 1e-4;

    /** Sizes of the batches in which images are compared: one image alone, and batches of two sizes. */
    private static final int[] BATCHES = {1, 2, 7};

    /**
     * Runs the file and the classifier on the same images.
     *
     * @param scale factor between the logits of the file and those of the classifier
     * @throws IOException if ONNX Runtime rejects the file
     */
    static OnnxCheck compare(Path file, Classifier classifier, ModelInput input, double scale, List<RgbImage> images)
            throws IOException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OnnxCheck total = new OnnxCheck(0, 0, 0, 0);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
                OrtSession session = environment.createSession(file.toString(), options)) {
            for (int start = 0, turn = 0; start < images.size(); turn++) {
                int end = Math.min(images.size(), start + BATCHES[turn % BATCHES.length]);
                for (List<RgbImage> batch : batches(images.subList(start, end), input)) {
                    try (OnnxTensor tensor = tensor(environment, batch, classifier, input);
                            OrtSession.Result result = session.run(Map.of(OnnxModel.inputName(input), tensor))) {
                        total = total.plus(of(
                                scale,
                                classifier.classify(batch),
                                values(result, OnnxModel.LOGITS),
                                values(result, OnnxModel.PROBABILITIES)));
                    }
                }
                start = end;
            }
        } catch (OrtException e) {
            throw new IOException(file + ": ONNX Runtime rejects the model: " + e.getMessage(), e);
        }
        return total;
    }

    /** Splits a batch so that all its images have one size, if the model gets pixels. */
    private static List<List<RgbImage>> batches(List<RgbImage> images, ModelInput input) {
        List<List<RgbImage>> batches = new ArrayList<>();
        for (RgbImage image : images) {
            List<RgbImage> last = batches.isEmpty() ? List.of() : batches.get(batches.size() - 1);
            boolean joins = !last.isEmpty()
                    && (input == ModelInput.TENSOR
                            || (last.get(0).width() == image.width()
                                    && last.get(0).height() == image.height()));
            if (!joins) {
                last = new ArrayList<>();
                batches.add(last);
            }
            last.add(image);
        }
        return batches;
    }

    private static OnnxTensor tensor(
            OrtEnvironment environment, List<RgbImage> images, Classifier classifier, ModelInput input)
            throws OrtException {
        int n = images.size();
        if (input == ModelInput.PIXELS) {
            RgbImage first = images.get(0);
            ByteBuffer pixels = ByteBuffer.allocateDirect(n * first.pixels().length);
            images.forEach(image -> pixels.put(image.pixels()));
            long[] shape = {n, first.height(), first.width(), 3};
            return OnnxTensor.createTensor(environment, pixels.flip(), shape, OnnxJavaType.UINT8);
        }
        int size = classifier.preprocessing().imageSize();
        return OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(normalized(images, classifier)), new long[] {n, 3, size, size});
    }

    /** Resized and normalised images, [N, 3, S, S]. */
    static float[] normalized(List<RgbImage> images, Classifier classifier) {
        int size = classifier.preprocessing().imageSize();
        float[][] table = classifier.preprocessing().normalize().table();
        float[] values = new float[images.size() * 3 * size * size];
        int at = 0;
        for (RgbImage image : images) {
            byte[] pixels = classifier.preprocessing().resize().apply(image).pixels();
            for (int c = 0; c < 3; c++) {
                for (int i = c; i < pixels.length; i += 3) {
                    values[at++] = table[c][pixels[i] & 255];
                }
            }
        }
        return values;
    }

    private static float[][] values(OrtSession.Result result, String name) throws OrtException {
        return (float[][]) result.get(name).orElseThrow().getValue();
    }

    private static OnnxCheck of(double scale, List<Prediction> expected, float[][] logits, float[][] probabilities) {
        OnnxCheck total = new OnnxCheck(0, 0, 0, 0);
        for (int i = 0; i < expected.size(); i++) {
            Prediction prediction = expected.get(i);
            double largest = 0;
            double logitDifference = 0;
            double difference = 0;
            int best = 0;
            for (int c = 0; c < logits[i].length; c++) {
                largest = Math.max(largest, Math.abs(prediction.logits().get(c)));
                logitDifference = worse(
                        logitDifference,
                        scale * logits[i][c],
                        prediction.logits().get(c));
                difference = worse(
                        difference,
                        probabilities[i][c],
                        prediction.probabilities().get(c));
                best = probabilities[i][c] > probabilities[i][best] ? c : best;
            }
            total = total.plus(new OnnxCheck(
                    1,
                    logitDifference / Math.max(largest, Float.MIN_NORMAL),
                    difference,
                    best == prediction.classIndex() ? 0 : 1));
        }
        return total;
    }

    /** The larger difference; infinite if the value is not a number. */
    private static double worse(double before, double value, double expected) {
        double difference = Math.abs(value - expected);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(before, difference);
    }

    private OnnxCheck plus(OnnxCheck other) {
        return new OnnxCheck(
                images + other.images,
                Math.max(logits, other.logits),
                Math.max(probabilities, other.probabilities),
                otherClass + other.otherClass);
    }

    /** Whether the differences are no larger than those of float32 arithmetic. */
    boolean passes() {
        return logits <= MAX_LOGITS && probabilities <= MAX_PROBABILITIES;
    }

    /** The result in one sentence. */
    @Override
    public String toString() {
        return "the predicted class is the same for " + (images - otherClass) + " of " + images
                + " images; largest differences: logits " + Decimal.scientific(logits) + " (relative), probabilities "
                + Decimal.scientific(probabilities);
    }
}
