package io.github.resdensenet.nn;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Loss and number of correct predictions, computed by libtorch. */
public final class LogitsLoss {
    private static final long MEAN = 1;
    private static final long NO_IGNORED_CLASS = -100;

    private LogitsLoss() {}

    /**
     * Mean cross-entropy, as {@code torch.nn.CrossEntropyLoss}: with class indices, or with probabilities if images have
     * two classes.
     *
     * @param logits [N, C]
     * @param smoothing label smoothing, at least 0 and less than 1
     * @param classWeights the weight of each class; empty if all have weight 1
     */
    public static Tensor crossEntropy(Tensor logits, Targets targets, double smoothing, List<Double> classWeights) {
        TensorOptional weights = classWeights.isEmpty()
                ? new TensorOptional()
                : new TensorOptional(like(
                        logits,
                        classWeights.stream().mapToDouble(Double::doubleValue).toArray()));
        int classes = (int) logits.size(1);
        Tensor target = targets.isMixed()
                ? like(logits, targets.probabilities(classes)).view(-1, classes)
                : indices(logits, targets.labels());
        return torch.cross_entropy_loss(logits, target, weights, MEAN, NO_IGNORED_CLASS, smoothing);
    }

    private static Tensor like(Tensor tensor, double[] values) {
        return AbstractTensor.create(values, values.length).to(tensor.device(), tensor.scalar_type());
    }

    private static Tensor indices(Tensor tensor, int[] labels) {
        return AbstractTensor.create(Arrays.stream(labels).asLongStream().toArray(), labels.length)
                .to(tensor.device(), ScalarType.Long);
    }

    /** Number of correct predictions: rows of logits [N, C] whose largest value is at the index of the label [N]. */
    public static int correct(Tensor logits, int[] labels) {
        Tensor truth = indices(logits, labels);
        return (int) logits.argmax(new LongOptional(1), false).eq(truth).sum().item_long();
    }
}
