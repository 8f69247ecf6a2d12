package io.github.resdensenet.predict;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A trained model ready to answer. Pictures are prepared as in training; the run folder says how.
 *
 * <p>Not for use by several threads at once.
 */
public final class Classifier implements AutoCloseable {
    private final ImageClassifier model;
    private final Inference inference;
    private final List<String> classes;
    private final Preprocessing preprocessing;
    private final Temperature temperature;
    private final float[][] table;

    private Classifier(ImageClassifier model, Inference inference, Manifest manifest) {
        this.model = model;
        this.inference = inference;
        classes = manifest.classes();
        preprocessing = manifest.preprocessing();
        temperature = new Temperature(manifest.temperature());
        table = preprocessing.normalize().table();
    }

    /**
     * Loads a run's best checkpoint.
     *
     * @throws IOException if there is no such run or it is damaged
     */
    public static Classifier load(Path run) throws IOException {
        Run opened = Run.open(run);
        Checkpoint checkpoint = opened.readBest();
        int threads = NativeSettings.apply(0);
        ImageClassifier model = checkpoint.model(opened.best());
        int imageSize = checkpoint.manifest().preprocessing().imageSize();
        Inference inference = Inference.of(model, imageSize, NativeSettings.device("cpu"), threads);
        return new Classifier(model, inference, checkpoint.manifest());
    }

    /** How probabilities are calibrated. */
    public Temperature temperature() {
        return temperature;
    }

    /** Class names by index. */
    public List<String> classes() {
        return classes;
    }

    /**
     * Classifies a picture.
     *
     * @throws IOException if the file cannot be read or is no picture
     */
    public Prediction classify(Path picture) throws IOException {
        return classify(ImageDecoder.decode(picture, preprocessing.upright()));
    }

    /** Classifies a decoded picture of any size. */
    public Prediction classify(RgbImage picture) {
        RgbImage image = preprocessing.resize().apply(picture);
        try (Batch batch = Batch.of(image, table)) {
            float[] row = inference.logits(batch.pixels(), 1);
            List<Double> logits = IntStream.range(0, row.length)
                    .mapToObj(c -> (double) row[c])
                    .toList();
            return new Prediction(classes, Prediction.probabilities(logits, temperature), logits);
        }
    }

    @Override
    public void close() {
        inference.close();
        model.close();
    }
}
