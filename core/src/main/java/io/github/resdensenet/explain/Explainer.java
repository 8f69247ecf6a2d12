package io.github.resdensenet.explain;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.ImageDecoder;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Shows what a classifier looks at. Pictures are prepared as for classification.
 *
 * <p>Not for use by several threads at once.
 */
public final class Explainer implements AutoCloseable {
    /** How many networks with random weights the map is compared with. */
    private static final int RANDOM_MODELS = 5;

    private final Classifier classifier;
    private final float[][] table;
    private final List<Explainer> random = new ArrayList<>();

    /** An explainer of a classifier, which it closes in the end. */
    public Explainer(Classifier classifier) {
        this.classifier = classifier;
        this.table = classifier.preprocessing().normalize().table();
    }

    /**
     * Loads a run's best checkpoint.
     *
     * @throws IOException if there is no such run or it is damaged
     */
    public static Explainer load(Path run) throws IOException {
        return new Explainer(Classifier.load(run));
    }

    /** Names of the network's stages; a stage's number is its place here. */
    public List<String> stages() {
        return classifier.model().stages();
    }

    /**
     * Refuses a request that does not fit the model.
     *
     * @throws IllegalArgumentException naming the classes, the stages or the largest patch
     */
    public void check(Request request) {
        resolve(request);
    }

    /** The request with the numbers that its defaults stand for. */
    private Request resolve(Request request) {
        request.target().ifPresent(this::classIndex);
        if (request.method() == Method.OCCLUSION) {
            Occlusion occlusion =
                    Occlusion.of(request, classifier.preprocessing().imageSize());
            return request.withPatch(occlusion.patch(), occlusion.stride());
        }
        int last = stages().size() - 1;
        int stage = request.stage() == Request.LAST_STAGE ? last : request.stage();
        if (stage < 0 || stage > last) {
            String known = IntStream.rangeClosed(0, last)
                    .mapToObj(i -> i + " " + stages().get(i))
                    .collect(Collectors.joining(", "));
            throw new IllegalArgumentException("stage must be one of " + known + ", got " + stage);
        }
        return request.atStage(stage);
    }

    private int classIndex(String name) {
        int index = classifier.classes().indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("target must be one of " + classifier.classes() + ", got " + name);
        }
        return index;
    }

    /**
     * Explains a picture.
     *
     * @throws IOException if the file cannot be read or is no picture
     * @throws IllegalArgumentException if the request does not fit the model
     */
    public Explanation explain(Path picture, Request request) throws IOException {
        return explain(ImageDecoder.decode(picture, classifier.preprocessing().upright()), request);
    }

    /** Explains a decoded picture of any size. */
    public Explanation explain(RgbImage picture, Request request) {
        Request resolved = resolve(request);
        RgbImage image = classifier.preprocessing().resize().apply(picture);
        Prediction prediction = classifier.classify(image);
        int target = request.target().map(this::classIndex).orElseGet(prediction::classIndex);
        String stage = request.method().looksAtStage() ? stages().get(resolved.stage()) : "";
        return new Explanation(image, prediction, target, resolved, stage, map(image, target, resolved));
    }

    private HeatMap map(RgbImage image, int target, Request request) {
        if (request.method() == Method.OCCLUSION) {
            return new Occlusion(request.patch(), request.stride()).map(classifier, image, target);
        }
        try (Batch batch = Batch.of(List.of(image), table)) {
            return ClassActivationMap.of(classifier.model(), batch.images(), request.stage(), target, request.method());
        }
    }

    /** Finds out whether to believe an explanation that this explainer gave. */
    public Sanity check(Explanation explanation) {
        PixelOrder order = PixelOrder.of(explanation);
        List<Double> correlations = randomModels().stream()
                .map(other -> other.map(explanation.picture(), explanation.target(), explanation.request()))
                .map(map -> RankCorrelation.spearman(explanation.map().values(), map.values()))
                .toList();
        return new Sanity(
                explanation.targetName(),
                explanation.map().max() > 0,
                order.curve(classifier, true),
                order.curve(classifier, false),
                correlations);
    }

    /** The same network with weights that have learned nothing. */
    private List<Explainer> randomModels() {
        while (random.size() < RANDOM_MODELS) {
            ImageClassifier trained = classifier.model();
            ImageClassifier untrained = Models.create(trained.config(), trained.numClasses(), 1 + random.size());
            random.add(new Explainer(Classifier.of(untrained, classifier.classes(), classifier.preprocessing())));
        }
        return random;
    }

    @Override
    public void close() {
        random.forEach(Explainer::close);
        classifier.close();
    }
}
