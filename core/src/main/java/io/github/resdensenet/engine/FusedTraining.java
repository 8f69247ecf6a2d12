package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

/**
 * Forward pass, loss and backward pass of a model with oneDNN. A plan is compiled for each batch size on first use.
 *
 * <p>The plans read the model's tensors directly and write the gradients into {@code grad()} of its parameters. The
 * gradients must be allocated and contiguous, and neither tensors nor gradients may be moved. Not thread-safe.
 */
public final class FusedTraining implements AutoCloseable {
    /**
     * The result of a training pass.
     *
     * @param loss mean loss of the batch
     * @param correct number of correct predictions
     */
    public record Pass(double loss, int correct) {}

    private final Network network;
    private final memory.data_type type;
    private final double labelSmoothing;
    private final int classes;
    private final Workspace workspace = new Workspace();
    private final Map<Integer, TrainingPlan> plans = new HashMap<>();

    /**
     * Prepares a model on the CPU for square images.
     *
     * @param imageSize height and width of the images in pixels
     * @param bf16 whether activations, and the weights that multiply them, are bfloat16 instead of float32
     * @param labelSmoothing fraction of the target that is spread over all classes, 0 to 1
     * @throws UnsupportedOperationException if the model has an operation that the plans do not support
     */
    public FusedTraining(ImageClassifier model, int imageSize, boolean bf16, double labelSmoothing) {
        this.network = Network.of(model, imageSize);
        this.type = bf16 ? OneDnn.BF16 : OneDnn.F32;
        this.labelSmoothing = labelSmoothing;
        this.classes = network.shape(network.output()).channels();
    }

    /** The version of the oneDNN library, for example "3.11.0". */
    public static String libraryVersion() {
        return OneDnn.version();
    }

    /** Describes the fused engine on this machine, or why it cannot be used. */
    public static String describe() {
        try {
            return "fused: static plans of oneDNN " + OneDnn.version() + ", " + OneDnn.instructionSet();
        } catch (LinkageError e) {
            return "reference: libtorch autograd, because oneDNN cannot be loaded: " + e.getMessage();
        }
    }

    /**
     * Compiles the plan for a batch size. You do not need to call this: {@link #pass} compiles a missing plan.
     *
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for an operation on this processor
     */
    public void prepare(int batch) {
        plan(batch);
    }

    private TrainingPlan plan(int batch) {
        return plans.computeIfAbsent(batch, n -> {
            try {
                return new TrainingPlan(network, n, type, workspace);
            } catch (UnsupportedOperationException e) {
                throw e;
            } catch (RuntimeException e) { // oneDNN throws this if it has no kernel at all
                throw new UnsupportedOperationException(
                        "oneDNN has no kernels for " + (type == OneDnn.BF16 ? "bf16" : "fp32") + " on this processor ("
                                + OneDnn.instructionSet() + ")",
                        e);
            }
        });
    }

    /**
     * Runs one pass in training mode. It overwrites the gradients with those of this batch and updates the running
     * statistics.
     *
     * @param images float32 [N, 3, H, W]
     * @param labels class indices [N]
     */
    public Pass pass(Pointer images, int[] labels) {
        TrainingPlan plan = plan(labels.length);
        float[] logits = plan.forward(images);
        double loss = CrossEntropy.loss(logits, labels, classes, labelSmoothing, plan.logitGradients());
        int correct = CrossEntropy.correct(logits, labels, classes);
        plan.backward();
        plan.updateRunningStatistics();
        return new Pass(loss, correct);
    }

    /** Runs one pass and measures it: milliseconds by kind of operation. */
    public Map<String, Double> profile(Pointer images, int batch) {
        return plan(batch).profile(images);
    }

    @Override
    public void close() {
        plans.values().forEach(TrainingPlan::close);
        workspace.close();
    }
}
