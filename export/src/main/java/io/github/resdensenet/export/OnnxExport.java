package io.github.resdensenet.export;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.ModelProto;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Exports a run's best checkpoint to an ONNX file.
 *
 * <p>Before the file is published, ONNX Runtime runs it on images of the run's validation set, and the results are
 * compared with those of {@link Classifier}.
 */
public final class OnnxExport {
    private OnnxExport() {}

    /**
     * The result of an export.
     *
     * @param check the comparison with the classifier
     * @param images which images were compared, in words
     */
    public record Report(OnnxCheck check, String images) {
        /** The report in one sentence. */
        @Override
        public String toString() {
            return "Checked with ONNX Runtime on " + images + ": " + check + ".";
        }
    }

    /**
     * Writes the ONNX file of a run, atomically.
     *
     * @param file the file to write; an existing file is replaced
     * @throws IOException if the run has no best checkpoint, its training images are needed and missing, the file cannot
     *     be written, or its check fails; an existing file is then unchanged
     */
    public static Report write(Run run, OnnxOptions options, Path file) throws IOException {
        return write(run, run.readModel(), options, false, file);
    }

    static Report write(Run run, Checkpoint best, OnnxOptions options, boolean calibratedLogits, Path file)
            throws IOException {
        ModelInput input = options.input();
        boolean quantized = options.precision() == ModelPrecision.INT8;
        try (Classifier classifier = Classifier.of(best, run.best())) {
            OnnxModel.Rewriting rewriting = quantized
                    ? (network, name) -> quantize(network, name, classifier, run, best, options.data())
                    : (network, name) -> network;
            ModelProto model = OnnxModel.of(classifier, best.manifest(), options, calibratedLogits, rewriting);
            double scale = calibratedLogits ? classifier.temperature().value() : 1;
            CheckImages images = CheckImages.of(run, best, options.data());
            OnnxCheck[] check = new OnnxCheck[1];
            AtomicFiles.write(file, model::writeTo, written -> {
                check[0] = OnnxCheck.compare(written, classifier, input, scale, images);
                if (quantized ? !check[0].agrees() : !check[0].passes()) {
                    throw new IOException(file + ": not written, because ONNX Runtime and the classifier disagree on "
                            + images.kind() + ": " + check[0]);
                }
            });
            return new Report(check[0], check[0].images() + " " + images.kind());
        }
    }

    private static OnnxGraph quantize(
            OnnxGraph network, String input, Classifier classifier, Run run, Checkpoint best, @Nullable Path data)
            throws IOException {
        OnnxGraph folded = FoldedNetwork.of(network);
        return QuantizedNetwork.of(folded, ActivationRanges.measure(folded, input, classifier, run, best, data));
    }
}
