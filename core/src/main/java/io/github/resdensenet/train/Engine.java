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
    Engine(ImageClassifier model, Recipe.Train settings, List<Double> classWeights, String name, String description) {
        this.model = model;
        this.name = name;
        this.description = name + " (" + description + ")";
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
            throw new IllegalArgumentException("train.engine fused cannot run here: " + obstacle);
        }
        return new ReferenceEngine(model, train, classWeights, device, "the fused engine cannot run here: " + obstacle);
    }

    /**
     * The result of a step, computed before it changed the weights.
     *
     * @param loss mean loss of the batch
     * @param correct number of correct predictions
     * @param number optimiser steps taken so far, including this one
     */
    public record Step(double loss, int correct, long number) {}

    /**
     * Computes one training step: forward pass, loss, backward pass and optimiser step.
     *
     * @throws ArithmeticException if the loss or a gradient is not finite; the weights are unchanged then
     */
    public final Step step(Batch batch, double lr) {
        return step(batch, Part.WHOLE, lr);
    }

    /**
     * A batch as a part of a step.
     *
     * @param share its images, as a fraction of all images of the step
     * @param last whether it is the last part, after which the weights are updated
     */
    record Part(double share, boolean last) {
        /** A step with one batch. */
        static final Part WHOLE = new Part(1, true);
    }

    /** Computes a part of a step. The gradients of its parts are averaged. */
    final Step step(Batch batch, Part part, double lr) {
        return finish(pass(batch), part, () -> update(lr));
    }

    /**
     * Computes one training step, or a part of it, of the head only. The backbone is in evaluation mode: its weights,
     * running statistics and moments do not change.
     */
    final Step stepHead(Batch batch, Part part, double lr) {
        return finish(head.pass(batch), part, () -> optimizer.stepHead(lr));
    }

    private Step finish(Pass pass, Part part, Runnable update) {
        if (part.share < 1) {
            optimizer.accumulate(part.share, part.last);
        }
        if (part.last) {
            update.run();
        }
        return new Step(pass.loss(), pass.correct(), optimizer.steps());
    }

    /**
     * Computes the loss and the gradients of a batch; gradients from before are lost.
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
