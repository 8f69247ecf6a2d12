package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.LogitsLoss;
import io.github.resdensenet.run.Recipe;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Computes training steps with libtorch's autograd, on any device. Tests compare the fused engine with this engine. */
final class ReferenceEngine extends Engine {
    private final double labelSmoothing;
    private final Device device;
    private final String reason;

    /** Creates an engine for a model on the device; the log says for what reason. */
    ReferenceEngine(ImageClassifier model, Recipe.Train settings, Device device, String reason) {
        super(model, settings, "reference", "libtorch autograd, " + reason);
        this.labelSmoothing = settings.labelSmoothing();
        this.device = device;
        this.reason = reason;
    }

    @Override
    Pass pass(Batch batch) {
        try (PointerScope scope = new PointerScope()) {
            Tensor labels = batch.labelTensor().to(device, ScalarType.Long);
            return pass(batch.images().to(device, ScalarType.Float), labels);
        }
    }

    /** The same for tensors: images [N, 3, H, W] and labels [N], on the device. */
    Pass pass(Tensor images, Tensor labels) {
        try (PointerScope scope = new PointerScope()) {
            model.train(true);
            Tensor logits = model.call(images);
            Tensor loss = LogitsLoss.crossEntropy(logits, labels, labelSmoothing);
            optimizer.zeroGrad();
            double mean = loss.item_double();
            checkFinite(mean);
            loss.backward();
            return new Pass(mean, LogitsLoss.correct(logits, labels));
        }
    }

    /** Computes a step on tensors. */
    Step step(Tensor images, Tensor labels, double lr) {
        Pass pass = pass(images, labels);
        update(lr);
        return new Step(pass.loss(), pass.correct(), optimizer.steps());
    }

    @Override
    public Inference inference(int imageSize) {
        return Inference.reference(model, imageSize, device, reason);
    }
}
