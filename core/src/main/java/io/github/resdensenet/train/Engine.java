package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.optim.Optimizer;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Recipe.EngineChoice;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/** Computes training steps of a model. After every step, the model's tensors are up to date. */
public abstract class Engine implements AutoCloseable {
    final ImageClassifier model;
    final Optimizer optimizer;
    private final HeadTraining head;
    private final String name;
    private final String description;

    /** Creates the optimiser; the model's parameters become views of its memory. */
    Engine(ImageClassifier model, Recipe.Train settings, List<Double> classWeights, String name, String details) {
        this.model = model;
        this.name = name;
        this.description = name + " (" + details + ")";
        optimizer = new Optimizer(model, settings);
        head = new HeadTraining(model, optimizer, settings.labelSmoothing(), classWeights);
    }

    /**
     * Creates the engine that a recipe requests. "auto" is the fused engine, or the reference engine if the fused
     * engine cannot run.
     *
     * @param model a model on the device; its parameters become views of the optimiser's memory
     * @param classWeights the weight of each class in the loss; empty if all have weight 1
     * @param group the processes that compute each step together; several need the fused engine
     * @throws IllegalArgumentException if the recipe requires an engine that cannot run
     */
    public static Engine of(
            Recipe recipe, ImageClassifier model, List<Double> classWeights, Device device, ProcessGroup group) {
        Recipe.Train train = recipe.train();
        String fusedOnly = group.size() > 1 ? "training with several processes" : train.fusedOnly();
        if (train.engine() == EngineChoice.REFERENCE) {
            if (!fusedOnly.isEmpty()) {
                throw new IllegalArgumentException(fusedOnly + " needs train.engine fused");
            }
            return new ReferenceEngine(model, train, classWeights, device, "as requested");
        }
        String obstacle = "it computes on the CPU only";
        if (device.is_cpu()) {
            try {
                return new FusedEngine(model, recipe, classWeights, group);
            } catch (UnsupportedOperationException | LinkageError e) {
                obstacle = String.valueOf(e.getMessage());
            }
        }
        if (train.engine() == EngineChoice.FUSED || !fusedOnly.isEmpty()) {
            throw new IllegalArgumentException(
                    (fusedOnly.isEmpty() ? "train.engine fused" : fusedOnly + " needs the fused engine, which")
                            + " cannot run here: " + obstacle);
        }
        return new ReferenceEngine(model, train, classWeights, device, "the fused engine cannot run here: " + obstacle);
    }

    /**
     * The result of a batch. Loss and predictions are computed before the step changes the weights.
     *
     * @param loss mean loss of the batch
     * @param correct number of correct predictions
     * @param number optimiser steps taken so far, including this one
     */
    public record Step(double loss, int correct, long number) {}

    /**
     * Computes one training step: forward pass, loss, backward pass and optimiser step.
     *
     * @throws ArithmeticException if the loss or a gradient is not finite; the parameters are unchanged then
     */
    public final Step step(Batch batch, double lr) {
        return step(batch, StepShare.WHOLE, lr);
    }

    /**
     * Which share of a training step a batch is.
     *
     * @param fraction the images of the batch as a fraction of all images of the step
     * @param last whether the step ends with this batch, so that the weights are updated
     */
    record StepShare(double fraction, boolean last) {
        /** A step of one batch. */
        static final StepShare WHOLE = new StepShare(1, true);
    }

    /** Computes one batch of a step. The step uses the mean gradient over the images of all its batches. */
    final Step step(Batch batch, StepShare share, double lr) {
        return finish(pass(batch), share, () -> update(lr));
    }

    /**
     * Computes one batch of a step for the head only. The backbone is in evaluation mode: its weights,
     * running statistics and moments do not change.
     */
    final Step stepHead(Batch batch, StepShare share, double lr) {
        return finish(head.pass(batch), share, () -> optimizer.stepHead(lr));
    }

    private Step finish(Pass pass, StepShare share, Runnable update) {
        if (share.fraction < 1) {
            optimizer.accumulate(share.fraction, share.last);
        }
        if (share.last) {
            update.run();
        }
        return new Step(pass.loss(), pass.correct(), optimizer.steps());
    }

    /**
     * Computes the loss and the gradients of a batch. The gradients replace earlier ones.
     *
     * @throws ArithmeticException if the loss is not finite
     */
    abstract Pass pass(Batch batch);

    /** Updates the weights with their gradients. */
    void update(double lr) {
        optimizer.step(lr, Optimizer.Division.WHOLE);
    }

    /** The true classes of a batch. */
    static Targets targets(Batch batch) {
        return new Targets(batch.labels(), batch.otherLabels(), batch.lambda());
    }

    /** Throws an ArithmeticException if a loss is not finite. */
    static void checkFinite(double loss) {
        if (!Double.isFinite(loss)) {
            throw new ArithmeticException("the loss became " + loss);
        }
    }

    /** Creates the model's forward pass in evaluation mode, in fp32. The caller closes it. */
    public abstract Inference inference(int imageSize);

    /** Runs one pass without the optimiser and returns its time in ms by kind of operation; empty if not supported. */
    public Map<String, Double> profile(Batch batch) {
        return Map.of();
    }

    /** Returns the name in logs and JSON: "fused" or "reference". */
    public final String name() {
        return name;
    }

    /** Returns the name with details, for the log. */
    public final String description() {
        return description;
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
