package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.engine.Inference;
import java.util.ArrayList;
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
     * Answers for the pictures of one pass of the loader, in its order.
     *
     * @param progress told the number of pictures done
     */
    public Answers answer(DataLoader loader, IntConsumer progress) {
        List<ImageSample> samples = new ArrayList<>();
        List<double[]> logits = new ArrayList<>();
        for (Batch batch : loader.epoch(0)) {
            try (batch) {
                float[] values = inference.logits(batch.pixels(), batch.count());
                for (int i = 0; i < batch.count(); i++) {
                    double[] row = new double[classes.size()];
                    for (int c = 0; c < row.length; c++) {
                        row[c] = values[i * row.length + c];
                    }
                    logits.add(row);
                    samples.add(loader.sample(batch.sample(i)));
                }
            }
            progress.accept(samples.size());
        }
        return new Answers(
                classes, samples, List.of(), logits.toArray(double[][]::new), labelSmoothing, loader.batchSize());
    }

    /** Mean cross entropy of logits [N, C] against class indices [N], with label smoothing. */
    public static Tensor loss(Tensor logits, Tensor labels, double labelSmoothing) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), MEAN, NO_IGNORED_CLASS, labelSmoothing);
    }
}
