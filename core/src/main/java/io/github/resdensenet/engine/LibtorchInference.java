package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Inference with the model's forward function in libtorch, on any device. */
final class LibtorchInference implements Inference {
    private final ImageClassifier model;
    private final int imageSize;
    private final Device device;
    private final String reason;

    LibtorchInference(ImageClassifier model, int imageSize, Device device, String reason) {
        this.model = model;
        this.imageSize = imageSize;
        this.device = device;
        this.reason = reason;
    }

    @Override
    public float[] logits(Pointer images, int count) {
        boolean training = model.isTraining();
        model.train(false);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor batch = torch.from_blob(images, count, 3, imageSize, imageSize);
            Tensor logits = model.call(batch.to(device, ScalarType.Float)).cpu().contiguous();
            return Natives.values(logits);
        } finally {
            model.train(training);
        }
    }

    @Override
    public void update() {
        // nothing to do: the forward function uses the model's tensors
    }

    @Override
    public String description() {
        return "reference (libtorch, " + reason + ")";
    }

    @Override
    public void close() {
        // the caller owns the model
    }
}
