package io.github.resdensenet.nn;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Loss and number of correct predictions, computed by libtorch. */
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
}
