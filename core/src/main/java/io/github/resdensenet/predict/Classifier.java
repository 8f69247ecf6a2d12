package io.github.resdensenet.predict;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.engine.CrossEntropy;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

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
    private final float[][] table;

    private Classifier(ImageClassifier model, Inference inference, List<String> classes, Preprocessing preprocessing) {
        this.model = model;
        this.inference = inference;
        this.classes = classes;
        this.preprocessing = preprocessing;
        this.table = preprocessing.normalize().table();
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
        Preprocessing preprocessing = checkpoint.manifest().preprocessing();
        Inference inference = Inference.of(model, preprocessing.imageSize(), NativeSettings.device("cpu"), threads);
        return new Classifier(model, inference, checkpoint.manifest().classes(), preprocessing);
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
            double[] logP = CrossEntropy.logProbabilities(inference.logits(batch.pixels(), 1), classes.size());
            return new Prediction(
                    classes, Arrays.stream(logP).map(Math::exp).boxed().toList());
        }
    }

    @Override
    public void close() {
        inference.close();
        model.close();
    }
}
