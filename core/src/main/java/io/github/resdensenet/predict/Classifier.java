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
import org.bytedeco.pytorch.global.torch;

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

    private Classifier(
            ImageClassifier model,
            Inference inference,
            List<String> classes,
            Preprocessing preprocessing,
            Temperature temperature) {
        this.model = model;
        this.inference = inference;
        this.classes = List.copyOf(classes);
        this.preprocessing = preprocessing;
        this.temperature = temperature;
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
        NativeSettings.apply(0);
        Manifest manifest = checkpoint.manifest();
        return of(
                checkpoint.model(opened.best()),
                manifest.classes(),
                manifest.preprocessing(),
                new Temperature(manifest.temperature()));
    }

    /**
     * A classifier of a network in memory, which it closes in the end; its probabilities are the softmax's.
     *
     * @param model on the CPU; it is put in evaluation mode
     */
    public static Classifier of(ImageClassifier model, List<String> classes, Preprocessing preprocessing) {
        return of(model, classes, preprocessing, new Temperature(1));
    }

    private static Classifier of(
            ImageClassifier model, List<String> classes, Preprocessing preprocessing, Temperature temperature) {
        if (classes.size() != model.numClasses()) {
            throw new IllegalArgumentException(
                    "classes must be " + model.numClasses() + " names, one a logit, got " + classes);
        }
        model.train(false);
        Inference inference =
                Inference.of(model, preprocessing.imageSize(), NativeSettings.device("cpu"), torch.get_num_threads());
        return new Classifier(model, inference, classes, preprocessing, temperature);
    }

    /** How probabilities are calibrated. */
    public Temperature temperature() {
        return temperature;
    }

    /** Class names by index. */
    public List<String> classes() {
        return classes;
    }

    /** The network, in evaluation mode; it is closed with this classifier. */
    public ImageClassifier model() {
        return model;
    }

    /** How a picture becomes the network's input. */
    public Preprocessing preprocessing() {
        return preprocessing;
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
        return classify(List.of(picture)).get(0);
    }

    /** Classifies decoded pictures of any size, all at once; the answers are in their order. */
    public List<Prediction> classify(List<RgbImage> pictures) {
        List<RgbImage> images =
                pictures.stream().map(preprocessing.resize()::apply).toList();
        try (Batch batch = Batch.of(images, table)) {
            float[] values = inference.logits(batch.pixels(), images.size());
            int n = classes.size();
            return IntStream.range(0, images.size())
                    .mapToObj(i -> IntStream.range(i * n, (i + 1) * n)
                            .mapToObj(k -> (double) values[k])
                            .toList())
                    .map(logits -> new Prediction(classes, Prediction.probabilities(logits, temperature), logits))
                    .toList();
        }
    }

    @Override
    public void close() {
        inference.close();
        model.close();
    }
}
