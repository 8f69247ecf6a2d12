package io.github.resdensenet.export;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.ModelProto;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.nio.file.Path;

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
     * @throws IOException if the run has no best checkpoint, the file cannot be written, or its check fails; an existing
     *     file is then unchanged
     */
    public static Report write(Run run, ModelInput input, Path file) throws IOException {
        return write(run, run.readBest(), input, false, file);
    }

    static Report write(Run run, Checkpoint best, ModelInput input, boolean calibratedLogits, Path file)
            throws IOException {
        try (Classifier classifier = Classifier.of(best, run.best())) {
            ModelProto model = OnnxModel.of(classifier, best.manifest(), input, calibratedLogits);
            double scale = calibratedLogits ? classifier.temperature().value() : 1;
            CheckImages images = CheckImages.of(run, classifier.preprocessing().upright());
            OnnxCheck[] check = new OnnxCheck[1];
            AtomicFiles.write(file, model::writeTo, written -> {
                check[0] = OnnxCheck.compare(written, classifier, input, scale, images);
                if (!check[0].passes()) {
                    throw new IOException(file + ": not written, because ONNX Runtime and the classifier disagree on "
                            + images.kind() + ": " + check[0]);
                }
            });
            return new Report(check[0], check[0].images() + " " + images.kind());
        }
    }
}
