package io.github.resdensenet.eval;

import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.NativeSettings.DeviceChoice;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.util.Optional;
import org.bytedeco.pytorch.Device;

/**
 * A trained model that is ready for inference in a number format.
 *
 * @param model the network, in evaluation mode
 * @param inference its forward pass
 * @param temperature calibrates its probabilities
 * @param precision the number format in words, with the reason if it is not the one that was asked for
 */
public record PreparedModel(ImageClassifier model, Inference inference, Temperature temperature, String precision)
        implements AutoCloseable {
    /**
     * Prepares the best checkpoint of a run. If this processor cannot compute in the number format, the model is prepared
     * in float32.
     *
     * @param best the run's best checkpoint
     * @param choice the device; fp32 only can run on a GPU
     * @param threads number of CPU threads, or 0 for one per processor
     * @throws IOException if the weights do not fit the model, or the precision is int8 and the run has no valid
     *     quantization.json
     */
    public static PreparedModel of(
            Run run, Checkpoint best, InferencePrecision precision, DeviceChoice choice, int threads)
            throws IOException {
        // before the first use of the native libraries, which may still be loading
        Optional<QuantizationFile> quantization =
                precision == InferencePrecision.INT8 ? QuantizationFile.find(run, best) : Optional.empty();
        int threadsInUse = NativeSettings.apply(threads);
        Device device = NativeSettings.device(precision == InferencePrecision.FP32 ? choice : DeviceChoice.CPU);
        ImageClassifier model = best.model(run.best());
        try {
            model.to(device);
            return of(model, run, best, precision, quantization, device, threadsInUse);
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static PreparedModel of(
            ImageClassifier model,
            Run run,
            Checkpoint best,
            InferencePrecision precision,
            Optional<QuantizationFile> quantization,
            Device device,
            int threads)
            throws IOException {
        int size = best.manifest().preprocessing().imageSize();
        Temperature temperature = new Temperature(best.manifest().temperature());
        String reason = "";
        try {
            Inference.require(precision);
            if (precision == InferencePrecision.BF16) {
                return new PreparedModel(
                        model, Inference.fused(model, size, precision, threads), temperature, precision.toString());
            } else if (precision == InferencePrecision.INT8) {
                QuantizationFile file = quantization.orElseThrow(() -> QuantizationFile.missing(run));
                return new PreparedModel(
                        model,
                        Inference.quantized(model, size, file.quantization(), threads),
                        new Temperature(file.temperature()),
                        precision.toString());
            }
        } catch (UnsupportedOperationException | LinkageError e) {
            reason = " (" + e.getMessage() + ")";
        } catch (IllegalArgumentException e) { // ranges of another network
            throw new IOException(run.file(QuantizationFile.NAME) + ": " + e.getMessage(), e);
        }
        return new PreparedModel(
                model, Inference.of(model, size, device, threads), temperature, InferencePrecision.FP32 + reason);
    }

    @Override
    public void close() {
        inference.close();
        model.close();
    }
}
