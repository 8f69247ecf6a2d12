package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Evaluator;
import io.github.resdensenet.nn.ImageClassifier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The training step by libtorch's autograd: what every other engine is measured against. */
final class ReferenceEngine implements Engine {
    private final ImageClassifier model;
    private final AdamW optimizer;
    private final HeadTraining head;
    private final double labelSmoothing;
    private final Device device;
    private final String reason;

    /**
     * Takes a model whose tensors are on the device; its parameters become views of the optimiser's memory.
     *
     * @param reason why this engine, for the log
     */
    ReferenceEngine(ImageClassifier model, Recipe.Train settings, Device device, String reason) {
        this.model = model;
        this.labelSmoothing = settings.labelSmoothing();
        this.device = device;
        this.reason = reason;
        optimizer = new AdamW(model, settings.weightDecay());
        head = new HeadTraining(model, optimizer, labelSmoothing);
    }

    @Override
    public Step step(Batch batch, double lr) {
        try (PointerScope scope = new PointerScope()) {
            Tensor labels = batch.labels().to(device, ScalarType.Long);
            return step(batch.images().to(device, ScalarType.Float), labels, lr);
        }
    }

    /** The step on tensors: images [N, 3, H, W], labels [N]. */
    Step step(Tensor images, Tensor labels, double lr) {
        try (PointerScope scope = new PointerScope()) {
            model.train(true);
            Tensor logits = model.call(images);
            Tensor loss = Evaluator.loss(logits, labels, labelSmoothing);
            optimizer.zeroGrad();
            double mean = loss.item_double();
            Engine.checkFinite(mean);
            loss.backward();
            optimizer.step(lr);
            return new Step(mean, Engine.hits(logits, labels));
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
        return Inference.reference(model, imageSize, device, reason);
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference (libtorch autograd, " + reason + ")";
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
