package io.github.resdensenet.predict;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.engine.NativeLibraries;
import io.github.resdensenet.eval.MeanLogits;
import io.github.resdensenet.eval.PreparedModel;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.NativeSettings.DeviceChoice;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.TestTimeAugmentation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;

/**
 * A trained model for inference. Images are preprocessed as in training, with the settings in the run folder.
 *
 * <p>Not thread-safe.
 */
public final class Classifier implements AutoCloseable {
    private final PreparedModel prepared;
    private final List<String> classes;
    private final Preprocessing preprocessing;
    private final float[][] table;

    private Classifier(PreparedModel prepared, List<String> classes, Preprocessing preprocessing) {
        this.prepared = prepared;
        this.classes = List.copyOf(classes);
        this.preprocessing = preprocessing;
        this.table = preprocessing.normalize().table();
    }

    /**
     * Loads the best checkpoint of a run.
     *
     * @throws IOException if the run does not exist or is corrupt
     */
    public static Classifier load(Path run) throws IOException {
        return load(run, InferencePrecision.FP32);
    }

    /**
     * Loads the best checkpoint of a run. If this processor cannot compute in the precision, the model computes in
     * float32; see {@link #precision}.
     *
     * @param precision number format of the computation; int8 needs a run that has been quantised
     * @throws IOException if the run does not exist or is corrupt, or int8 is asked of a run without quantization.json
     */
    public static Classifier load(Path run, InferencePrecision precision) throws IOException {
        Run opened = Run.open(run);
        NativeLibraries.loadInBackground();
        return of(opened, opened.readModel(), precision);
    }

    /**
     * Creates a classifier from the best checkpoint of a run.
     *
     * @param best the checkpoint, which has been read already
     * @param precision number format of the computation; int8 needs a run that has been quantised
     * @throws IOException if the weights do not fit the model, or int8 is asked of a run without quantization.json
     */
    public static Classifier of(Run run, Checkpoint best, InferencePrecision precision) throws IOException {
        return new Classifier(
                PreparedModel.of(run, best, precision, DeviceChoice.CPU, 0),
                best.manifest().classes(),
                best.manifest().preprocessing());
    }

    /**
     * Creates a classifier from a checkpoint.
     *
     * @param source the checkpoint's folder, for error messages
     * @throws IOException if the weights do not fit the model
     */
    public static Classifier of(Checkpoint checkpoint, Path source) throws IOException {
        return of(checkpoint, source, 0);
    }

    /**
     * Creates a classifier from a checkpoint.
     *
     * @param source the checkpoint's folder, for error messages
     * @param threads number of compute threads, or 0 for one per processor
     * @throws IOException if the weights do not fit the model
     */
    public static Classifier of(Checkpoint checkpoint, Path source, int threads) throws IOException {
        NativeSettings.apply(threads);
        Manifest manifest = checkpoint.manifest();
        return of(
                checkpoint.model(source),
                manifest.classes(),
                manifest.preprocessing(),
                new Temperature(manifest.temperature()));
    }

    /**
     * Creates a classifier from a network in memory, with uncalibrated probabilities. Closing the classifier closes the
     * network.
     *
     * @param model network on the CPU; is set to evaluation mode
     * @param classes class names by index
     * @param preprocessing how images become the network's input
     * @throws IllegalArgumentException if the number of classes is not the number of logits
     */
    public static Classifier of(ImageClassifier model, List<String> classes, Preprocessing preprocessing) {
        return of(model, classes, preprocessing, new Temperature(1));
    }

    private static Classifier of(
            ImageClassifier model, List<String> classes, Preprocessing preprocessing, Temperature temperature) {
        if (classes.size() != model.numClasses()) {
            throw new IllegalArgumentException(
                    "classes must be " + model.numClasses() + " names, one per logit, got " + classes);
        }
        model.train(false);
        Inference inference = Inference.of(
                model, preprocessing.imageSize(), NativeSettings.device(DeviceChoice.CPU), torch.get_num_threads());
        return new Classifier(
                new PreparedModel(model, inference, temperature, InferencePrecision.FP32.toString()),
                classes,
                preprocessing);
    }

    /** The temperature that calibrates the probabilities. */
    public Temperature temperature() {
        return prepared.temperature();
    }

    /** The number format in words, with the reason if it is not the one that was asked for. */
    public String precision() {
        return prepared.precision();
    }

    /** Class names by index. */
    public List<String> classes() {
        return classes;
    }

    /** The network in evaluation mode. It is closed with this classifier. */
    public ImageClassifier model() {
        return prepared.model();
    }

    /** How images become the network's input. */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /**
     * Classifies an image file.
     *
     * @throws IOException if the file cannot be read or is not a supported image
     * @throws ArithmeticException if a logit is not finite
     */
    public Prediction classify(Path image) throws IOException {
        return classify(image, TestTimeAugmentation.NONE);
    }

    /**
     * Classifies an image file with test-time augmentation.
     *
     * @throws IOException if the file cannot be read or is not a supported image
     * @throws ArithmeticException if a logit is not finite
     */
    public Prediction classify(Path image, TestTimeAugmentation augmentation) throws IOException {
        Prediction prediction = classify(ImageDecoder.decode(image, preprocessing.upright()), augmentation);
        if (!prediction.isFinite()) {
            throw new ArithmeticException(image + ": the model's logits are not finite numbers");
        }
        return prediction;
    }

    /** Classifies a decoded image of any size. See {@link Prediction#isFinite()}. */
    public Prediction classify(RgbImage image) {
        return classify(List.of(image)).get(0);
    }

    /**
     * Classifies a decoded image of any size with test-time augmentation: the logits are the mean over the views of the
     * image.
     */
    public Prediction classify(RgbImage image, TestTimeAugmentation augmentation) {
        try (Batch views = Batch.of(augmentation.views(image, preprocessing), table)) {
            float[] values = prepared.inference().logits(views.pixels(), views.count());
            MeanLogits logits = new MeanLogits(classes.size());
            for (int i = 0; i < views.count(); i++) {
                logits.add(values, i);
            }
            return prediction(Arrays.stream(logits.mean()).boxed().toList());
        }
    }

    /** Classifies decoded images of any size; the predictions are in the same order. */
    public List<Prediction> classify(List<RgbImage> images) {
        int most = Batch.largest(preprocessing.imageSize());
        List<Prediction> predictions = new ArrayList<>();
        for (int from = 0; from < images.size(); from += most) {
            try (Batch batch = preprocess(images.subList(from, Math.min(images.size(), from + most)))) {
                predictions.addAll(classify(batch));
            }
        }
        return predictions;
    }

    /** Classifies preprocessed images; the predictions are in the same order. */
    public List<Prediction> classify(Batch batch) {
        float[] values = prepared.inference().logits(batch.pixels(), batch.count());
        int n = classes.size();
        return IntStream.range(0, batch.count())
                .mapToObj(i -> IntStream.range(i * n, (i + 1) * n)
                        .mapToObj(k -> (double) values[k])
                        .toList())
                .map(this::prediction)
                .toList();
    }

    private Prediction prediction(List<Double> logits) {
        return new Prediction(classes, Prediction.probabilities(logits, prepared.temperature()), logits);
    }

    /** Resizes and normalises at least one decoded image of any size: the network's input for them. */
    public Batch preprocess(List<RgbImage> images) {
        return Batch.of(images.stream().map(preprocessing::input).toList(), table);
    }

    @Override
    public void close() {
        prepared.close();
    }
}
