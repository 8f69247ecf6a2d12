package io.github.resdensenet.engine;

import io.github.resdensenet.nn.Targets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Mean cross-entropy with label smoothing and class weights, as {@code torch.nn.CrossEntropyLoss}. The target probability
 * of a class is smoothing / classes, plus 1 - smoothing for the true class.
 *
 * @param smoothing fraction of the target that is spread over all classes, 0 to below 1
 * @param weights the weight of each class; empty if all have weight 1
 */
record CrossEntropy(double smoothing, List<Double> weights) {
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
     * @param gradients receives the gradient with respect to the logits, [N, classes]
     * @return the mean loss of the batch
     */
    double loss(float[] logits, Targets targets, int classes, float[] gradients) {
        double[] logP = logProbabilities(logits, classes);
        double divisor = divisor(targets);
        double loss = 0;
        for (int i = 0; i < targets.labels().length; i++) {
            double sum = weights.isEmpty() ? 1 : 0; // of the image's targets
            for (int c = 0; c < classes && !weights.isEmpty(); c++) {
                sum += target(targets, i, c, classes);
            }
            for (int c = 0; c < classes; c++) {
                int at = i * classes + c;
                double target = target(targets, i, c, classes);
                loss -= target * logP[at];
                gradients[at] = (float) ((Math.exp(logP[at]) * sum - target) / divisor);
            }
        }
        return loss / divisor;
    }

    private double target(Targets targets, int image, int c, int classes) {
        double target = targets.probability(image, c) * (1 - smoothing) + smoothing / classes;
        return weights.isEmpty() ? target : weights.get(c) * target;
    }

    /** PyTorch divides by the weights of the true classes, or by the number of images if an image has two classes. */
    private double divisor(Targets targets) {
        return weights.isEmpty() || targets.isMixed()
                ? targets.labels().length
                : IntStream.of(targets.labels()).mapToDouble(weights::get).sum();
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
