package io.github.resdensenet.eval;

import io.github.resdensenet.data.ImageSample;
import java.util.List;

/**
 * What a model answered for a list of pictures, before anything is judged. The arrays are not copied.
 *
 * @param classes class names by index
 * @param samples the pictures; their class is the true one
 * @param groups what each picture belongs with, for instance a patient; empty if every picture stands for itself
 * @param logits for each picture one number a class, up to a common constant; not calibrated
 * @param labelSmoothing share of the target spread over all classes in the loss, 0 to below 1
 * @param batchSize pictures a batch
 */
public record Answers(
        List<String> classes,
        List<ImageSample> samples,
        List<String> groups,
        double[][] logits,
        double labelSmoothing,
        int batchSize) {
    /** Keeps its own lists. */
    public Answers {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
        groups = List.copyOf(groups);
    }

    /** The same with groups, one a picture. */
    public Answers withGroups(List<String> of) {
        return new Answers(classes, samples, of, logits, labelSmoothing, batchSize);
    }

    /** Number of pictures. */
    public int n() {
        return samples.size();
    }

    /** The true class index of each picture. */
    int[] truth() {
        return samples.stream().mapToInt(ImageSample::classIndex).toArray();
    }

    void requireFinite() {
        for (int i = 0; i < n(); i++) {
            for (double logit : logits[i]) {
                if (!Double.isFinite(logit)) {
                    throw new IllegalArgumentException(
                            samples.get(i).path() + ": the model's answer must be finite numbers, got " + logit);
                }
            }
        }
    }

    /** Each picture's probability of each class. */
    double[][] probabilities(Temperature temperature) {
        double[][] rows = new double[logits.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = temperature.probabilities(logits[i]);
        }
        return rows;
    }

    /** Share of the pictures whose largest logit, the first of equals, is that of the true class; 0 without pictures. */
    public double accuracy() {
        int hits = 0;
        for (int i = 0; i < n(); i++) {
            hits += largest(logits[i]) == samples.get(i).classIndex() ? 1 : 0;
        }
        return hits / (double) Math.max(1, n());
    }

    /** Index of the largest value; the first of equals. */
    static int largest(double[] row) {
        int best = 0;
        for (int c = 1; c < row.length; c++) {
            if (row[c] > row[best]) {
                best = c;
            }
        }
        return best;
    }

    /** Mean over batches of the batches' mean loss, label smoothing included: what the training loop reports. */
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

    /** A picture's loss, label smoothing included. */
    double smoothedLoss(int i) {
        double[] logP = Temperature.logSoftmax(logits[i], 1);
        double mean = 0;
        for (double value : logP) {
            mean += value / logP.length;
        }
        return -(1 - labelSmoothing) * logP[samples.get(i).classIndex()] - labelSmoothing * mean;
    }

    /** What part of {@link #loss} each picture makes: a short last batch weighs as much as the others. */
    double[] lossWeights() {
        double[] weights = new double[n()];
        for (int i = 0; i < weights.length; i++) {
            int start = i / batchSize * batchSize;
            weights[i] = 1.0 / batches() / (Math.min(start + batchSize, n()) - start);
        }
        return weights;
    }
}
