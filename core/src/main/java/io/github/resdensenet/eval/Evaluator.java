package io.github.resdensenet.eval;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.nn.ImageClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Runs a model over pictures without training it. */
public final class Evaluator {
    private static final long MEAN = 1;
    private static final long NO_IGNORED_CLASS = -100;

    private final ImageClassifier model;
    private final List<String> classes;
    private final double labelSmoothing;
    private final Device device;

    /**
     * An evaluator of a model.
     *
     * @param labelSmoothing share of the target spread over all classes in the reported loss, 0 to 1
     * @param device where the model's tensors are
     */
    public Evaluator(ImageClassifier model, List<String> classes, double labelSmoothing, Device device) {
        this.model = model;
        this.classes = List.copyOf(classes);
        this.labelSmoothing = labelSmoothing;
        this.device = device;
    }

    /**
     * Evaluates one pass of the loader, in its order. The model is in evaluation mode meanwhile.
     *
     * @param progress told the number of pictures done
     */
    public Evaluation evaluate(DataLoader loader, IntConsumer progress) {
        List<Integer> truth = new ArrayList<>();
        List<List<Double>> probabilities = new ArrayList<>();
        double lossSum = 0;
        double nllSum = 0;
        int batches = 0;
        boolean training = model.isTraining();
        model.train(false);
        try {
            for (Batch batch : loader.epoch(0)) {
                try (batch;
                        PointerScope scope = new PointerScope();
                        NoGradGuard noGrad = new NoGradGuard()) {
                    Tensor logits = model.call(batch.images().to(device, ScalarType.Float));
                    Tensor labels = batch.labels().to(device, ScalarType.Long);
                    lossSum += loss(logits, labels, labelSmoothing).item_double();
                    batches++;
                    double[] logP = logProbabilities(logits);
                    for (int i = 0; i < batch.count(); i++) {
                        List<Double> p = new ArrayList<>();
                        for (int c = 0; c < classes.size(); c++) {
                            p.add(Math.exp(logP[i * classes.size() + c]));
                        }
                        probabilities.add(p);
                        truth.add(batch.label(i));
                        nllSum -= logP[i * classes.size() + batch.label(i)];
                    }
                }
                progress.accept(truth.size());
            }
        } finally {
            model.train(training);
        }
        return new Evaluation(
                classes, truth, probabilities, lossSum / Math.max(1, batches), nllSum / Math.max(1, truth.size()));
    }

    /** Mean cross entropy of logits [N, C] against class indices [N], with label smoothing. */
    public static Tensor loss(Tensor logits, Tensor labels, double labelSmoothing) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), MEAN, NO_IGNORED_CLASS, labelSmoothing);
    }

    /** Log-softmax of logits [N, C], computed in double precision, row by row. */
    public static double[] logProbabilities(Tensor logits) {
        try (PointerScope scope = new PointerScope()) {
            Tensor logP =
                    torch.log_softmax(logits.cpu().to(ScalarType.Double), 1).contiguous();
            double[] values = new double[Math.toIntExact(logP.numel())];
            new DoublePointer(logP.data_ptr()).get(values);
            return values;
        }
    }
}
