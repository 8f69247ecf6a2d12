package io.github.resdensenet.engine;

import org.bytedeco.javacpp.FloatPointer;

/**
 * Mean cross entropy with label smoothing, as {@code torch.nn.CrossEntropyLoss}: the target of a class is
 * (1 - smoothing) [it is the true one] + smoothing / classes.
 */
public final class CrossEntropy {
    private CrossEntropy() {}

    /** Log-softmax of logits [N, classes], row by row. */
    static double[] logProbabilities(float[] logits, int classes) {
        double[] logP = new double[logits.length];
        for (int row = 0; row < logits.length; row += classes) {
            double max = Double.NEGATIVE_INFINITY;
            for (int c = row; c < row + classes; c++) {
                max = Math.max(max, logits[c]);
            }
            double sum = 0;
            for (int c = row; c < row + classes; c++) {
                sum += Math.exp(logits[c] - max);
            }
            for (int c = row; c < row + classes; c++) {
                logP[c] = logits[c] - max - Math.log(sum);
            }
        }
        return logP;
    }

    /** Computes the loss of logits [N, classes] and writes its gradient by them. */
    static double loss(float[] logits, int[] labels, int classes, double smoothing, FloatPointer gradients) {
        double[] logP = logProbabilities(logits, classes);
        double loss = 0;
        for (int i = 0; i < labels.length; i++) {
            for (int c = 0; c < classes; c++) {
                int at = i * classes + c;
                double target = (c == labels[i] ? 1 - smoothing : 0) + smoothing / classes;
                loss -= target * logP[at];
                gradients.put(at, (float) ((Math.exp(logP[at]) - target) / labels.length));
            }
        }
        return loss / labels.length;
    }

    /** How many rows have their largest logit, the first of equals, at the label. */
    static int hits(float[] logits, int[] labels, int classes) {
        int hits = 0;
        for (int i = 0; i < labels.length; i++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                if (logits[i * classes + c] > logits[i * classes + best]) {
                    best = c;
                }
            }
            hits += best == labels[i] ? 1 : 0;
        }
        return hits;
    }
}
