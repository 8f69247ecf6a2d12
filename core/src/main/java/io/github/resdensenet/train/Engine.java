package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Computes training steps of a model and holds the optimiser. After every step the model's own tensors are current. */
interface Engine extends AutoCloseable {
    /**
     * The engine that a recipe asks for. "auto" is the fused one, and the reference where that cannot be.
     *
     * @param model a model on the device; its parameters become views of the optimiser's memory
     * @throws IllegalArgumentException if the recipe insists on an engine that cannot be
     */
    static Engine of(Recipe recipe, ImageClassifier model, Device device) {
        Recipe.Train train = recipe.train();
        String wish = train.engine();
        if (!wish.equals("reference")) {
            @Nullable String obstacle = device.is_cpu() ? null : "it computes on the CPU only";
            if (obstacle == null) {
                try {
                    return new FusedEngine(
                            model, recipe.data().batchSize(), recipe.data().imageSize(), recipe.train());
                } catch (UnsupportedOperationException | LinkageError e) {
                    obstacle = String.valueOf(e.getMessage());
                }
            }
            if (wish.equals("fused") || train.precision().equals("bf16")) {
                throw new IllegalArgumentException("train.engine fused cannot run here: " + obstacle);
            }
            return new ReferenceEngine(model, train, device, "the fused engine cannot run here: " + obstacle);
        }
        if (train.precision().equals("bf16")) {
            throw new IllegalArgumentException("train.precision bf16 needs train.engine fused");
        }
        return new ReferenceEngine(model, train, device, "as asked");
    }

    /**
     * What a step found before it changed the weights.
     *
     * @param loss mean loss of the batch
     * @param hits images whose largest logit is the true class's
     */
    record Step(double loss, int hits) {}

    /**
     * Forward, loss, backward and one optimiser step.
     *
     * @throws ArithmeticException if the loss or a gradient is not finite; the optimiser has not moved then
     */
    Step step(Batch batch, double lr);

    /**
     * A step of the head alone. The body computes as in evaluation: its weights, running statistics and moments stay as
     * they are.
     *
     * @throws ArithmeticException as {@link #step}
     */
    Step stepHead(Batch batch, double lr);

    /** Throws if a loss is no number. */
    static void checkFinite(double loss) {
        if (!Double.isFinite(loss)) {
            throw new ArithmeticException("the loss became " + loss);
        }
    }

    /** Rows of logits [N, C] whose largest is the label's [N]. */
    static int hits(Tensor logits, Tensor labels) {
        return (int) logits.argmax(new LongOptional(1), false).eq(labels).sum().item_long();
    }

    /** What moves the weights. */
    AdamW optimizer();

    /** Steps taken so far. */
    default long steps() {
        return optimizer().steps();
    }

    /** The model's forward pass in evaluation mode, in full precision; the caller closes it. */
    Inference inference(int imageSize);

    /** The optimiser's state. */
    default Safetensors optimizerState() {
        return optimizer().state();
    }

    /** Takes up a saved optimiser's state. */
    default void load(Safetensors optimizerState, Path source) throws IOException {
        optimizer().load(optimizerState, source);
    }

    /** Milliseconds of one more pass without the optimiser, by kind of work; empty where the engine cannot tell. */
    default Map<String, Double> profile(Batch batch) {
        return Map.of();
    }

    /** The name in logs and JSON: "fused" or "reference". */
    String name();

    /** Name, and why this one. */
    String description();

    @Override
    void close();
}
