package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.LogitsLoss;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.run.Recipe;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Computes training steps with libtorch's autograd, on any device. Tests compare the fused engine with this engine. */
final class ReferenceEngine extends Engine {
    private final Recipe.Train settings;
    private final List<Double> classWeights;
    private final Device device;
    private final String reason;

    /**
     * Creates an engine for a model on the device.
     *
     * @param reason why this engine is used, for the log
     */
    ReferenceEngine(
            ImageClassifier model, Recipe.Train settings, List<Double> classWeights, Device device, String reason) {
        super(model, settings, classWeights, "reference", "libtorch autograd, " + reason);
        this.settings = settings;
        this.classWeights = classWeights;
        this.device = device;
        this.reason = reason;
    }

    @Override
    Pass pass(Batch batch) {
        try (PointerScope scope = new PointerScope()) {
            return pass(batch.images().to(device, ScalarType.Float), targets(batch));
        }
    }

    /** Computes the loss and the gradients for a tensor of images [N, 3, H, W] on the device. */
    Pass pass(Tensor images, Targets targets) {
        try (PointerScope scope = new PointerScope()) {
            model.train(true);
            Tensor logits = model.call(images);
            Tensor loss = LogitsLoss.crossEntropy(logits, targets, settings.labelSmoothing(), classWeights);
            optimizer.zeroGrad();
            double mean = loss.item_double();
            checkFinite(mean);
            loss.backward();
            return new Pass(mean, LogitsLoss.correct(logits, targets.main()));
        }
    }

    /** Computes a step on a tensor of images. */
    Step step(Tensor images, Targets targets, double lr) {
        Pass pass = pass(images, targets);
        update(lr);
        return new Step(pass.loss(), pass.correct(), optimizer.steps());
    }

    @Override
    public Inference inference(int imageSize) {
        return Inference.reference(model, imageSize, device, reason);
    }
}
