package io.github.resdensenet.engine;

import org.bytedeco.javacpp.FloatPointer;

/**
 * Mean cross entropy with label smoothing, as {@code torch.nn.CrossEntropyLoss}: the target of a class is
 * (1 - smoothing) [it is the true one] + smoothing / classes.
 */
final class CrossEntropy {
    private CrossEntropy() {}

    /** Computes the loss of logits [N, classes] and writes its gradient by them. */
    static double loss(FloatPointer logits, int[] labels, int classes, double smoothing, FloatPointer gradients) {
        double loss = 0;
        double[] row = new double[classes];
        for (int i = 0; i < labels.length; i++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                row[c] = logits.get((long) i * classes + c);
                max = Math.max(max, row[c]);
            }
            double sum = 0;
            for (double value : row) {
                sum += Math.exp(value - max);
            }
            double logSum = max + Math.log(sum);
            for (int c = 0; c < classes; c++) {
                double target = (c == labels[i] ? 1 - smoothing : 0) + smoothing / classes;
                double logP = row[c] - logSum;
                loss -= target * logP;
                gradients.put((long) i * classes + c, (float) ((Math.exp(logP) - target) / labels.length));
            }
        }
        return loss / labels.length;
    }

    /** How many rows have their largest logit, the first of equals, at the label. */
    static int hits(FloatPointer logits, int[] labels, int classes) {
        int hits = 0;
        for (int i = 0; i < labels.length; i++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                if (logits.get((long) i * classes + c) > logits.get((long) i * classes + best)) {
                    best = c;
                }
            }
            hits += best == labels[i] ? 1 : 0;
        }
        return hits;
    }
}
