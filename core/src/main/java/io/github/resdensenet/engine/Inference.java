package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;

/** A model's forward pass in evaluation mode, for square images of one size. Not for several threads at once. */
public interface Inference extends AutoCloseable {
    /**
     * The fastest way for a model that is on a device.
     *
     * @param threads processors to use
     */
    static Inference of(ImageClassifier model, int imageSize, Device device, int threads) {
        if (!device.is_cpu()) {
            return reference(model, imageSize, device, "on " + device.str().getString());
        }
        try {
            return new FusedInference(model, imageSize, false, threads);
        } catch (UnsupportedOperationException | LinkageError e) {
            return reference(model, imageSize, device, "the fused engine cannot run here: " + e.getMessage());
        }
    }

    /**
     * The model's own forward function.
     *
     * @param reason why that, for logs
     */
    static Inference reference(ImageClassifier model, int imageSize, Device device, String reason) {
        return new LibtorchInference(model, imageSize, device, reason);
    }

    /**
     * The logits of images.
     *
     * @param images float32 [N, 3, H, W]
     * @param count N
     * @return [N, classes], row by row
     */
    float[] logits(Pointer images, int count);

    /** Follows the model's tensors, after they have changed. */
    void update();

    /** What computes, for logs. */
    String description();

    @Override
    void close();
}
