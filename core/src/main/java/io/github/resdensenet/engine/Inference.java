package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Precision;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;

/** A model's forward pass in evaluation mode for square images of a fixed size. Not thread-safe. */
public interface Inference extends AutoCloseable {
    /**
     * Chooses the fastest available implementation: fused on the CPU if possible, otherwise libtorch.
     *
     * @param imageSize height and width of the images in pixels
     * @param device the device of the model
     * @param threads number of CPU threads
     */
    static Inference of(ImageClassifier model, int imageSize, Device device, int threads) {
        if (!device.is_cpu()) {
            return reference(model, imageSize, device, "on " + device.str().getString());
        }
        try {
            return fused(model, imageSize, Precision.FP32, threads);
        } catch (UnsupportedOperationException | LinkageError e) {
            return reference(model, imageSize, device, "the fused engine cannot run here: " + e.getMessage());
        }
    }

    /**
     * The fused forward pass of a model on the CPU.
     *
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for an operation on this processor
     */
    static Inference fused(ImageClassifier model, int imageSize, Precision precision, int threads) {
        return new FusedInference(model, imageSize, precision == Precision.BF16, threads);
    }

    /**
     * Runs the model's forward function with libtorch.
     *
     * @param imageSize height and width of the images in pixels
     * @param device the device of the model
     * @param reason why the fused implementation is not used, for logs
     */
    static Inference reference(ImageClassifier model, int imageSize, Device device, String reason) {
        return new LibtorchInference(model, imageSize, device, reason);
    }

    /**
     * Computes the logits of images.
     *
     * @param images float32 [N, 3, H, W] in CPU memory
     * @param count the number of images N
     * @return [N, classes], row by row
     */
    float[] logits(Pointer images, int count);

    /** Updates the prepared weights. Call this after the model's tensors have changed. */
    void update();

    /** Names the implementation, for logs. */
    String description();

    @Override
    void close();
}
