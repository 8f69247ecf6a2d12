package io.github.resdensenet.onnx;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.proto.onnx.ModelProto;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Exports a run's best checkpoint to an ONNX file.
 *
 * <p>Before the file is published, ONNX Runtime runs it on images of the run's validation set, and the results are
 * compared with those of {@link Classifier}.
 */
public final class OnnxExport {
    /** How many validation images the file is checked with. */
    private static final int MOST_IMAGES = 100;

    private static final int[][] GENERATED_SIZES = {{64, 64}, {300, 200}, {37, 91}, {224, 224}, {480, 640}};

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

    private record Images(String description, List<RgbImage> images) {}

    /**
     * Writes the ONNX file of a run, atomically.
     *
     * @param file the file to write; an existing file is replaced
     * @throws IOException if the run has no best checkpoint, the file cannot be written, or its check fails; an existing
     *     file is then unchanged
     */
    public static Report write(Run run, ModelInput input, Path file) throws IOException {
        Manifest manifest = run.readBest().manifest();
        try (Classifier classifier = Classifier.load(run.folder())) {
            ModelProto model = OnnxModel.of(classifier, manifest, input);
            Images images = images(run, classifier);
            OnnxCheck[] check = new OnnxCheck[1];
            AtomicFiles.write(file, model::writeTo, written -> {
                check[0] = OnnxCheck.compare(written, classifier, input, images.images());
                if (!check[0].passes()) {
                    throw new IOException(file + ": not written, because ONNX Runtime and the classifier disagree on "
                            + images.description() + ": " + check[0]);
                }
            });
            return new Report(check[0], images.description());
        }
    }

    /** Images of the validation set; generated images if there is none, or its files are gone. */
    private static Images images(Run run, Classifier classifier) throws IOException {
        List<Sample> samples;
        try {
            samples = new RunEvaluator(run).samples(Subset.VAL, null);
        } catch (IOException | IllegalArgumentException e) {
            return new Images("generated images (the run has no validation images here)", generated());
        }
        int every = (samples.size() + MOST_IMAGES - 1) / MOST_IMAGES;
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < samples.size(); i += every) {
            images.add(ImageDecoder.decode(
                    samples.get(i).path(), classifier.preprocessing().upright()));
        }
        return new Images(images.size() + " validation images", images);
    }

    /** Smooth colours with noise, in several sizes. */
    private static List<RgbImage> generated() {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int height = GENERATED_SIZES[i % GENERATED_SIZES.length][0];
            int width = GENERATED_SIZES[i % GENERATED_SIZES.length][1];
            KeyedRandom random = KeyedRandom.of(i);
            byte[] pixels = new byte[3 * height * width];
            int[] slope = {random.nextInt(256), random.nextInt(256), random.nextInt(256)};
            for (int k = 0; k < pixels.length; k++) {
                int row = k / 3 / width;
                pixels[k] = (byte) ((slope[k % 3] + 128 * row / height + random.nextInt(32)) & 255);
            }
            images.add(new RgbImage(width, height, pixels));
        }
        return images;
    }
}
