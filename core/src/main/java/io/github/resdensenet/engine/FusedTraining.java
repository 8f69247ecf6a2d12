package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

/**
 * Forward, loss and backward of a model by {@link TrainingPlan}s, one for each batch size that comes.
 *
 * <p>It reads the model's tensors where they are and writes the gradients into {@code grad()} of its parameters, which
 * must exist, be contiguous and stay where they are. Not for several threads at once.
 */
public final class FusedTraining implements AutoCloseable {
    /**
     * What a pass found.
     *
     * @param loss mean loss of the batch
     * @param hits images whose largest logit is the true class's
     */
    public record Pass(double loss, int hits) {}

    private final Network network;
    private final memory.data_type type;
    private final double labelSmoothing;
    private final int classes;
    private final Workspace workspace = new Workspace();
    private final Map<Integer, TrainingPlan> plans = new HashMap<>();

    /**
     * Prepares a model for square images of one size.
     *
     * @param bf16 whether activations, and the weights that meet them, have 16 bits (bfloat16)
     * @param labelSmoothing share of the target spread over all classes, 0 to 1
     * @throws UnsupportedOperationException if the plan cannot compute this model
     */
    public FusedTraining(ImageClassifier model, int imageSize, boolean bf16, double labelSmoothing) {
        this.network = Network.of(model, imageSize);
        this.type = bf16 ? OneDnn.BF16 : OneDnn.F32;
        this.labelSmoothing = labelSmoothing;
        this.classes = network.shape(network.output()).channels();
    }

    /** The version of the oneDNN library that the plans run on. */
    public static String libraryVersion() {
        return OneDnn.version();
    }

    /** What the fused engine is here, or why it cannot be. */
    public static String describe() {
        try {
            return "fused: static plans of oneDNN " + OneDnn.version() + ", " + OneDnn.instructionSet();
        } catch (LinkageError e) {
            return "reference: libtorch autograd, because oneDNN cannot be loaded: " + e.getMessage();
        }
    }

    /** Compiles the plan for a batch size, if that has not been done; {@link #pass} does it when needed. */
    public void prepare(int batch) {
        plan(batch);
    }

    private TrainingPlan plan(int batch) {
        return plans.computeIfAbsent(batch, n -> new TrainingPlan(network, n, type, workspace));
    }

    /**
     * One pass in training mode: the gradients are those of this batch, and the running statistics move.
     *
     * @param images float32 [N, 3, H, W]
     * @param labels class indices [N]
     */
    public Pass pass(Pointer images, int[] labels) {
        TrainingPlan plan = plan(labels.length);
        float[] logits = plan.forward(images);
        double loss = CrossEntropy.loss(logits, labels, classes, labelSmoothing, plan.logitGradients());
        int hits = CrossEntropy.hits(logits, labels, classes);
        plan.backward();
        plan.updateRunningStatistics();
        return new Pass(loss, hits);
    }

    /** Milliseconds of one pass by kind of work. */
    public Map<String, Double> profile(Pointer images, int batch) {
        return plan(batch).profile(images);
    }

    @Override
    public void close() {
        plans.values().forEach(TrainingPlan::close);
        workspace.close();
    }
}
