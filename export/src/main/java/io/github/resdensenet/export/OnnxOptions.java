package io.github.resdensenet.export;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a model is exported to ONNX.
 *
 * @param input the input of the model
 * @param precision the numbers that the network computes with
 * @param data the new location of the run's images; null if they have not moved
 */
public record OnnxOptions(
        ModelInput input,
        ModelPrecision precision,
        @Nullable Path data) {
    /** A float32 model with this input. */
    public OnnxOptions(ModelInput input) {
        this(input, ModelPrecision.FP32, null);
    }
}
