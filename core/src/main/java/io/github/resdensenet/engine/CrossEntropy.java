package io.github.resdensenet.engine;

/**
 * Mean cross-entropy with label smoothing, as {@code torch.nn.CrossEntropyLoss}. The target probability of a class is
 * smoothing / classes, plus 1 - smoothing for the true class.
 */
final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * Log-softmax of each row of logits [N, classes]. The order of the subtractions decides the last bits of the weights;
     * {@code eval.Temperature} has another order, which decides those of the losses in history.csv.
     */
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

    /**
     * Computes the loss and its gradient.
     *
     * @param logits [N, classes], row by row
     * @param labels class indices [N]
     * @param gradients receives the gradient with respect to the logits, [N, classes]
     * @return the mean loss of the batch
     */
    static double loss(float[] logits, int[] labels, int classes, double smoothing, float[] gradients) {
        double[] logP = logProbabilities(logits, classes);
        double loss = 0;
        for (int i = 0; i < labels.length; i++) {
            for (int c = 0; c < classes; c++) {
                int at = i * classes + c;
                double target = (c == labels[i] ? 1 - smoothing : 0) + smoothing / classes;
                loss -= target * logP[at];
                gradients[at] = (float) ((Math.exp(logP[at]) - target) / labels.length);
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
