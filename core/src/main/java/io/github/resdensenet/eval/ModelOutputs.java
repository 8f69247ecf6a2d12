package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.transforms.Normalize;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The outputs of a model for a list of images, before calibration. The arrays are not copied.
 *
 * @param classes class names by index
 * @param samples the images with their true classes
 * @param groups the group of each image, for instance the patient; empty if the images are not grouped
 * @param logits one row per image with one logit per class
 * @param labelSmoothing fraction of the target that the loss spreads over all classes, 0 to below 1
 * @param batchSize images per batch of the loss
 */
public record ModelOutputs(
        List<String> classes,
        List<Sample> samples,
        List<String> groups,
        double[][] logits,
        double labelSmoothing,
        int batchSize) {
    /** Copies the lists. */
    public ModelOutputs {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
        groups = List.copyOf(groups);
    }

    /**
     * Runs a model over one pass of a loader.
     *
     * @param inference the model, for images of the size that the loader makes
     * @param labelSmoothing label smoothing of the reported loss, 0 to below 1
     * @param progress receives the number of images done
     * @return the outputs, in the loader's order
     */
    public static ModelOutputs of(
            Inference inference, DataLoader loader, List<String> classes, double labelSmoothing, IntConsumer progress) {
        return new Evaluator(inference, classes, labelSmoothing).outputs(loader, 1, progress);
    }

    /** The same outputs with groups, one per image. */
    public ModelOutputs withGroups(List<String> of) {
        return new ModelOutputs(classes, samples, of, logits, labelSmoothing, batchSize);
    }

    /** Number of images. */
    public int n() {
        return samples.size();
    }

    /**
     * How these images and their predictions are distributed; empty if there are fewer than {@value
     * DriftReference#MIN_IMAGES} images.
     *
     * @param batches the same images in the same order
     * @param normalize how the batches were normalised
     */
    public Optional<DriftReference> driftReference(
            Temperature temperature, Iterable<Batch> batches, Normalize normalize) {
        return DriftReference.of(this, temperature, batches, normalize);
    }

    /** The true class index of each image. */
    int[] truth() {
        return samples.stream().mapToInt(Sample::classIndex).toArray();
    }

    void requireFinite() {
        for (int i = 0; i < n(); i++) {
            for (double logit : logits[i]) {
                if (!Double.isFinite(logit)) {
                    throw new ArithmeticException(
                            samples.get(i).path() + ": the model's logits must be finite numbers, got " + logit);
                }
            }
        }
    }

    /** The calibrated probabilities, one row per image. */
    double[][] probabilities(Temperature temperature) {
        double[][] rows = new double[logits.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = temperature.probabilities(logits[i]);
        }
        return rows;
    }

    /** Whether each image is predicted correctly. */
    public boolean[] correct() {
        boolean[] correct = new boolean[n()];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = largest(logits[i]) == samples.get(i).classIndex();
        }
        return correct;
    }

    /** The accuracy: the fraction of images with the largest logit at the true class; 0 without images. */
    public double accuracy() {
        int correct = 0;
        for (int i = 0; i < n(); i++) {
            correct += largest(logits[i]) == samples.get(i).classIndex() ? 1 : 0;
        }
        return correct / (double) Math.max(1, n());
    }

    /** Index of the largest value; the first index if several values are equal. */
    static int largest(double[] row) {
        int best = 0;
        for (int c = 1; c < row.length; c++) {
            if (row[c] > row[best]) {
                best = c;
            }
        }
        return best;
    }

    /** The loss as the training loop reports it: the mean over batches of the mean loss, with label smoothing. */
    public double loss() {
        double sum = 0;
        for (int start = 0; start < n(); start += batchSize) {
            int end = Math.min(start + batchSize, n());
            double batch = 0;
            for (int i = start; i < end; i++) {
                batch += smoothedLoss(i);
            }
            sum += batch / (end - start);
        }
        return sum / Math.max(1, batches());
    }

    private int batches() {
        return (n() + batchSize - 1) / batchSize;
    }

    /** The loss of an image, with label smoothing. */
    double smoothedLoss(int i) {
        double[] logP = Temperature.logSoftmax(logits[i], 1);
        double mean = 0;
        for (double value : logP) {
            mean += value / logP.length;
        }
        return -(1 - labelSmoothing) * logP[samples.get(i).classIndex()] - labelSmoothing * mean;
    }

    /** The weight of each image in {@link #loss}. A smaller last batch weighs as much as the other batches. */
    double[] lossWeights() {
        double[] weights = new double[n()];
        for (int i = 0; i < weights.length; i++) {
            int start = i / batchSize * batchSize;
            weights[i] = 1.0 / batches() / (Math.min(start + batchSize, n()) - start);
        }
        return weights;
    }
}
