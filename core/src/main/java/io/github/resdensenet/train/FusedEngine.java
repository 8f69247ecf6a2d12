package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.FusedInference;
import io.github.resdensenet.engine.FusedTraining;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/** The training step by a static plan of oneDNN primitives. */
final class FusedEngine implements Engine {
    private final String precision;
    private final FusedTraining training;
    private final AdamW optimizer;
    private final HeadTraining head;
    private final ImageClassifier model;

    /**
     * Takes a model on the CPU; its parameters become views of the optimiser's memory.
     *
     * @throws UnsupportedOperationException if oneDNN has no fast kernel here for something in this model
     */
    FusedEngine(ImageClassifier model, int batchSize, int imageSize, Recipe.Train settings) {
        this.model = model;
        precision = settings.precision();
        training = new FusedTraining(model, imageSize, precision.equals("bf16"), settings.labelSmoothing());
        optimizer = new AdamW(model, settings.weightDecay());
        head = new HeadTraining(model, optimizer, settings.labelSmoothing());
        try {
            training.prepare(batchSize);
        } catch (UnsupportedOperationException e) {
            close();
            throw e;
        }
    }

    @Override
    public Step step(Batch batch, double lr) {
        int[] labels = IntStream.range(0, batch.count()).map(batch::label).toArray();
        try (PointerScope scope = new PointerScope()) {
            FusedTraining.Pass pass = training.pass(batch.pixels(), labels);
            Engine.checkFinite(pass.loss());
            optimizer.step(lr);
            return new Step(pass.loss(), pass.hits());
        }
    }

    @Override
    public Step stepHead(Batch batch, double lr) {
        return head.step(batch, lr);
    }

    @Override
    public AdamW optimizer() {
        return optimizer;
    }

    @Override
    public Inference inference(int imageSize) {
        return new FusedInference(model, imageSize, false, torch.get_num_threads());
    }

    @Override
    public Map<String, Double> profile(Batch batch) {
        return training.profile(batch.pixels(), batch.count());
    }

    @Override
    public String name() {
        return "fused";
    }

    @Override
    public String description() {
        return "fused (a static plan of oneDNN " + FusedTraining.libraryVersion() + " primitives, " + precision + ")";
    }

    @Override
    public void close() {
        training.close();
        optimizer.close();
    }
}
