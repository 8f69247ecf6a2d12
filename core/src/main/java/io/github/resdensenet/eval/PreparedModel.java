package io.github.resdensenet.eval;

import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import org.bytedeco.pytorch.Device;

/**
 * A trained model that is ready for inference in a number format.
 *
 * @param inference the forward pass; close it after use
 * @param temperature calibrates its probabilities
 * @param precision the number format in words, with the reason if it is not the one that was asked for
 */
public record PreparedModel(Inference inference, Temperature temperature, String precision) {
    /**
     * Prepares the best checkpoint of a run. If this processor cannot compute in the number format, the model is prepared
     * in float32.
     *
     * @param model the checkpoint's network, on the device
     * @param threads number of CPU threads
     * @throws IOException if the precision is int8 and the run has no valid quantization.json
     */
    public static PreparedModel of(
            ImageClassifier model, Run run, Checkpoint best, InferencePrecision precision, Device device, int threads)
            throws IOException {
        Manifest manifest = best.manifest();
        int size = manifest.preprocessing().imageSize();
        String reason = "";
        if (precision != InferencePrecision.FP32) {
            try {
                if (!device.is_cpu()) {
                    throw new UnsupportedOperationException(precision + " is for the CPU only");
                }
                Inference.require(precision);
                if (precision == InferencePrecision.BF16) {
                    return new PreparedModel(
                            Inference.fused(model, size, precision, threads),
                            new Temperature(manifest.temperature()),
                            precision.toString());
                }
                return quantized(model, run, best, size, threads);
            } catch (UnsupportedOperationException | LinkageError e) {
                reason = " (" + e.getMessage() + ")";
            }
        }
        return new PreparedModel(
                Inference.of(model, size, device, threads),
                new Temperature(manifest.temperature()),
                InferencePrecision.FP32 + reason);
    }

    private static PreparedModel quantized(ImageClassifier model, Run run, Checkpoint best, int size, int threads)
            throws IOException {
        QuantizationFile file = QuantizationFile.read(run, best);
        try {
            return new PreparedModel(
                    Inference.quantized(model, size, file.quantization(), threads),
                    new Temperature(file.temperature()),
                    InferencePrecision.INT8.toString());
        } catch (IllegalArgumentException e) { // ranges of another network
            throw new IOException(run.file(QuantizationFile.NAME) + ": " + e.getMessage(), e);
        }
    }
}
