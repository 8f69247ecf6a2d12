package io.github.resdensenet.nn;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Loss, number of correct predictions and log-probabilities of logits. */
public final class LogitsLoss {
    private static final long MEAN = 1;
    private static final long NO_IGNORED_CLASS = -100;

    private LogitsLoss() {}

    /**
     * Mean cross-entropy, as {@code torch.nn.CrossEntropyLoss}.
     *
     * @param logits [N, C]
     * @param labels class indices [N], int64
     * @param smoothing label smoothing, at least 0 and less than 1
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), MEAN, NO_IGNORED_CLASS, smoothing);
    }

    /** Number of correct predictions: rows of logits [N, C] whose largest value is at the index of the label [N]. */
    public static int correct(Tensor logits, Tensor labels) {
        return (int) logits.argmax(new LongOptional(1), false).eq(labels).sum().item_long();
    }

    /**
     * The logarithm of softmax(logits * factor), without overflow for any finite logits.
     *
     * @param logits one row, at least one value
     * @param factor factor of the logits, for example 1 / temperature
     */
    public static double[] logSoftmax(double[] logits, double factor) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit * factor);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit * factor - max);
        }
        double[] logP = new double[logits.length];
        for (int c = 0; c < logP.length; c++) {
            logP[c] = logits[c] * factor - max - Math.log(sum);
        }
        return logP;
    }
}
