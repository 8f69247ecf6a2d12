package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.FusedTraining;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.Precision;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Recipe.BatchNormScope;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/** Computes training steps with {@link FusedTraining}: static plans of oneDNN primitives for the CPU. */
final class FusedEngine extends Engine {
    private final FusedTraining training;

    /** Creates an engine for a model on the CPU, for a training run by one process and without class weights. */
    FusedEngine(ImageClassifier model, Recipe recipe) {
        this(model, recipe, List.of(), ProcessGroup.single());
    }

    /**
     * Creates an engine for a model on the CPU.
     *
     * @param recipe the resolved recipe
     * @param classWeights the weight of each class in the loss; empty if all have weight 1
     * @param group the processes that compute each step together
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel on this processor for an operation of the
     *     model
     */
    FusedEngine(ImageClassifier model, Recipe recipe, List<Double> classWeights, ProcessGroup group) {
        super(
                model,
                recipe.train(),
                classWeights,
                "fused",
                describe(recipe.train().precision()));
        Recipe.Train settings = recipe.train();
        boolean bf16 = settings.precision() == Precision.BF16;
        training = new FusedTraining(
                model,
                bf16,
                settings.labelSmoothing(),
                classWeights,
                settings.shards(),
                settings.batchNorm() == BatchNormScope.SYNC,
                torch.get_num_threads(),
                group);
        try {
            training.prepare(recipe.data().imageSize(), recipe.data().batchSize());
            training.prepare(ImageSizes.of(recipe).at(0), recipe.data().batchSize());
        } catch (UnsupportedOperationException e) {
            close();
            throw e;
        }
    }

    private static String describe(Precision precision) {
        return "static plans of oneDNN " + FusedTraining.libraryVersion() + " primitives, " + precision;
    }

    @Override
    Pass pass(Batch batch) {
        try (PointerScope scope = new PointerScope()) {
            Pass pass = training.pass(batch.pixels(), batch.size(), targets(batch));
            checkFinite(pass.loss());
            return pass;
        }
    }

    @Override
    void update(double lr) {
        optimizer.step(lr, training::divide);
    }

    @Override
    public Inference inference(int imageSize) {
        return Inference.fused(model, imageSize, InferencePrecision.FP32, torch.get_num_threads());
    }

    @Override
    public Map<String, Double> profile(Batch batch) {
        return training.profile(batch.pixels(), batch.size(), batch.count());
    }

    @Override
    public void close() {
        training.close();
        if (training.isClosed()) {
            super.close();
        }
    }
}
