package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;

/** A model's forward pass in evaluation mode for square images of a fixed size. Not thread-safe. */
public interface Inference extends AutoCloseable {
    /**
     * Chooses the fastest available implementation in float32: fused on the CPU if possible, otherwise libtorch.
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
            return fused(model, imageSize, InferencePrecision.FP32, threads);
        } catch (UnsupportedOperationException | LinkageError e) {
            return reference(model, imageSize, device, "the fused engine cannot run here: " + e.getMessage());
        }
    }

    /**
     * Checks that this processor has instructions for a precision.
     *
     * @throws UnsupportedOperationException if it has not
     */
    static void require(InferencePrecision precision) {
        if (precision == InferencePrecision.INT8 && !OneDnn.has8BitDotProducts()) {
            throw new UnsupportedOperationException(
                    "int8 needs a processor with VNNI, this one has " + OneDnn.instructionSet());
        }
        if (precision == InferencePrecision.BF16 && !OneDnn.hasBf16()) {
            throw new UnsupportedOperationException(
                    "bf16 needs a processor with bf16 instructions, this one has " + OneDnn.instructionSet());
        }
    }

    /**
     * The fused forward pass of a model on the CPU in float32 or bfloat16.
     *
     * @param precision fp32 or bf16
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for an operation on this processor
     */
    static Inference fused(ImageClassifier model, int imageSize, InferencePrecision precision, int threads) {
        if (precision == InferencePrecision.INT8) {
            throw new IllegalArgumentException("precision must be fp32 or bf16, got int8; it needs a quantization");
        }
        return new FusedInference(model, imageSize, precision == InferencePrecision.BF16, threads);
    }

    /**
     * The fused forward pass of a model in 8 bits on the CPU. {@link #update} is not supported.
     *
     * @param imageSize height and width of the images in pixels
     * @param quantization ranges of the model's values, measured with images of this size
     * @throws UnsupportedOperationException if the processor has no 8-bit dot products, or oneDNN has no optimised kernel
     *     for an operation
     */
    static Inference quantized(ImageClassifier model, int imageSize, Quantization quantization, int threads) {
        return FusedInference.quantized(model, imageSize, quantization, threads);
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
