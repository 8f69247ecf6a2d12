package io.github.resdensenet.export;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Compares an ONNX file, run by ONNX Runtime, with the classifier that it was made from.
 *
 * @param images number of images that were compared
 * @param logits largest difference of a logit, relative to the largest absolute logit of its image if that is above 1
 * @param probabilities largest difference of a calibrated probability
 * @param otherClass number of images with another predicted class
 */
public record OnnxCheck(int images, double logits, double probabilities, int otherClass) {
    /** Tolerance for the difference of logits. */
    static final double MAX_LOGITS = 1e-5;

    /** Share of images with another class that a quantised network may have. */
    private static final double MAX_OTHER_CLASS = 0.1;

    /** Larger than usual, because large logits divided by a small temperature enlarge differences. */
    private static final double MAX_PROBABILITIES = 1e-4;

    /**
     * Runs the file and the classifier on the same images.
     *
     * @param scale factor between the logits of the file and those of the classifier
     * @throws IOException if ONNX Runtime rejects the file
     */
    static OnnxCheck compare(Path file, Classifier classifier, ModelInput input, double scale, CheckImages images)
            throws IOException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OnnxCheck[] total = {new OnnxCheck(0, 0, 0, 0)};
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
                OrtSession session = environment.createSession(file.toString(), options)) {
            images.forEachBatch(input, batch -> {
                try (Batch inputs = classifier.preprocess(batch);
                        OnnxTensor tensor = input == ModelInput.PIXELS
                                ? pixels(environment, batch)
                                : OnnxTensor.createTensor(environment, inputs.memory(), shape(inputs));
                        OrtSession.Result result = session.run(Map.of(OnnxModel.inputName(input), tensor))) {
                    total[0] = total[0].plus(of(
                            scale,
                            classifier.classify(batch),
                            values(result, OnnxModel.LOGITS),
                            values(result, OnnxModel.PROBABILITIES)));
                } catch (OrtException e) {
                    throw rejected(file, e);
                }
            });
        } catch (OrtException e) {
            throw rejected(file, e);
        }
        return total[0];
    }

    private static IOException rejected(Path file, OrtException e) {
        return new IOException(file + ": ONNX Runtime rejects the model: " + e.getMessage(), e);
    }

    private static OnnxTensor pixels(OrtEnvironment environment, List<RgbImage> images) throws OrtException {
        RgbImage first = images.get(0);
        ByteBuffer pixels = ByteBuffer.allocateDirect(images.size() * first.pixels().length);
        images.forEach(image -> pixels.put(image.pixels()));
        long[] shape = {images.size(), first.height(), first.width(), 3};
        return OnnxTensor.createTensor(environment, pixels.flip(), shape, OnnxJavaType.UINT8);
    }

    static long[] shape(Batch batch) {
        return new long[] {batch.count(), 3, batch.size(), batch.size()};
    }

    private static float[][] values(OrtSession.Result result, String name) throws OrtException {
        return (float[][]) result.get(name).orElseThrow().getValue();
    }

    private static OnnxCheck of(double scale, List<Prediction> expected, float[][] logits, float[][] probabilities) {
        OnnxCheck total = new OnnxCheck(0, 0, 0, 0);
        for (int i = 0; i < expected.size(); i++) {
            Prediction prediction = expected.get(i);
            double difference = 0;
            int best = 0;
            for (int c = 0; c < probabilities[i].length; c++) {
                difference = worse(
                        difference,
                        probabilities[i][c],
                        prediction.probabilities().get(c));
                best = probabilities[i][c] > probabilities[i][best] ? c : best;
            }
            total = total.plus(new OnnxCheck(
                    1,
                    logitDifference(prediction, scale, logits[i]),
                    difference,
                    best == prediction.classIndex() ? 0 : 1));
        }
        return total;
    }

    /**
     * The largest difference of a logit of an image, relative to the largest absolute logit of the prediction, or to 1 if
     * all logits are smaller: the rounding errors of a network whose logits almost cancel do not shrink with them.
     */
    static double logitDifference(Prediction expected, double scale, float[] logits) {
        double largest = 1;
        double difference = 0;
        for (int c = 0; c < logits.length; c++) {
            double logit = expected.logits().get(c);
            largest = Math.max(largest, Math.abs(logit));
            difference = worse(difference, scale * logits[c], logit);
        }
        return difference / largest;
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

    /** Whether the predicted classes agree as those of a network and its quantised form should. */
    boolean agrees() {
        return otherClass <= images * MAX_OTHER_CLASS;
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
