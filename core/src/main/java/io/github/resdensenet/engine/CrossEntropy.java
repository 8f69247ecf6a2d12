package io.github.resdensenet.engine;

import io.github.resdensenet.nn.LogitsLoss;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Mean cross-entropy with label smoothing, as {@code torch.nn.CrossEntropyLoss}. The target probability of a class is
 * smoothing / classes, plus 1 - smoothing for the true class.
 */
final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * Computes the loss and its gradient.
     *
     * @param logits [N, classes], row by row
     * @param labels class indices [N]
     * @param gradients receives the gradient with respect to the logits, [N, classes]
     * @return the mean loss of the batch
     */
    static double loss(float[] logits, int[] labels, int classes, double smoothing, FloatPointer gradients) {
        double loss = 0;
        double[] row = new double[classes];
        for (int i = 0; i < labels.length; i++) {
            for (int c = 0; c < classes; c++) {
                row[c] = logits[i * classes + c];
            }
            double[] logP = LogitsLoss.logSoftmax(row, 1);
            for (int c = 0; c < classes; c++) {
                double target = (c == labels[i] ? 1 - smoothing : 0) + smoothing / classes;
                loss -= target * logP[c];
                gradients.put(i * classes + c, (float) ((Math.exp(logP[c]) - target) / labels.length));
            }
        }
        return loss / labels.length;
    }

    /** Number of correct predictions. The prediction is the class with the largest logit, the first one in a tie. */
    static int correct(float[] logits, int[] labels, int classes) {
        int correct = 0;
        for (int i = 0; i < labels.length; i++) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                if (logits[i * classes + c] > logits[i * classes + best]) {
                    best = c;
                }
            }
            correct += best == labels[i] ? 1 : 0;
        }
        return correct;
    }
}
