package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.engine.CrossEntropy;
import io.github.resdensenet.engine.Inference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Runs a model over pictures without training it. */
public final class Evaluator {
    private static final long MEAN = 1;
    private static final long NO_IGNORED_CLASS = -100;

    private final Inference inference;
    private final List<String> classes;
    private final double labelSmoothing;

    /**
     * An evaluator of a model.
     *
     * @param inference the model, for images of the size that the loader makes
     * @param labelSmoothing share of the target spread over all classes in the reported loss, 0 to 1
     */
    public Evaluator(Inference inference, List<String> classes, double labelSmoothing) {
        this.inference = inference;
        this.classes = List.copyOf(classes);
        this.labelSmoothing = labelSmoothing;
    }

    /**
     * Evaluates one pass of the loader, in its order.
     *
     * @param progress told the number of pictures done
     */
    public Evaluation evaluate(DataLoader loader, IntConsumer progress) {
        List<Integer> truth = new ArrayList<>();
        List<List<Double>> probabilities = new ArrayList<>();
        double lossSum = 0;
        double nllSum = 0;
        int batches = 0;
        for (Batch batch : loader.epoch(0)) {
            try (batch) {
                double[] logP =
                        CrossEntropy.logProbabilities(inference.logits(batch.pixels(), batch.count()), classes.size());
                double batchLoss = 0;
                for (int i = 0; i < batch.count(); i++) {
                    double[] row = Arrays.copyOfRange(logP, i * classes.size(), (i + 1) * classes.size());
                    double nll = -row[batch.label(i)];
                    nllSum += nll;
                    batchLoss += (1 - labelSmoothing) * nll
                            - labelSmoothing * Arrays.stream(row).average().orElseThrow();
                    probabilities.add(Arrays.stream(row).map(Math::exp).boxed().toList());
                    truth.add(batch.label(i));
                }
                lossSum += batchLoss / batch.count();
                batches++;
            }
            progress.accept(truth.size());
        }
        return new Evaluation(
                classes, truth, probabilities, lossSum / Math.max(1, batches), nllSum / Math.max(1, truth.size()));
    }

    /** Mean cross entropy of logits [N, C] against class indices [N], with label smoothing. */
    public static Tensor loss(Tensor logits, Tensor labels, double labelSmoothing) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), MEAN, NO_IGNORED_CLASS, labelSmoothing);
    }
}
