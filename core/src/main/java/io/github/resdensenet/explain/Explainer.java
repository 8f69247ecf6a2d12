package io.github.resdensenet.explain;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Explains the predictions of a classifier with attribution maps. Images are preprocessed as for classification.
 *
 * <p>Not thread-safe.
 */
public final class Explainer implements AutoCloseable {
    /** Number of randomly initialised networks in the faithfulness check. */
    private static final int RANDOM_MODELS = 5;

    private final Classifier classifier;
    private final float[][] table;
    private final List<Explainer> random = new ArrayList<>();

    /** Creates an explainer of a classifier and takes over closing the classifier. */
    public Explainer(Classifier classifier) {
        this.classifier = classifier;
        this.table = classifier.preprocessing().normalize().table();
    }

    /**
     * Loads the best checkpoint of a run.
     *
     * @throws IOException if the run does not exist or is corrupt
     */
    public static Explainer load(Path run) throws IOException {
        return new Explainer(Classifier.load(run));
    }

    /** Names of the network's stages. The index in this list is the stage number. */
    public List<String> stages() {
        return classifier.model().stages();
    }

    /**
     * Checks that a request is valid for the model.
     *
     * @throws IllegalArgumentException if the class, the stage or the patch is invalid; the message says what is valid
     */
    public void check(Request request) {
        resolve(request);
    }

    /** Replaces the defaults of a request by their values. */
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
     * Explains the prediction for an image file.
     *
     * @throws IOException if the file cannot be read or is not a supported image
     * @throws IllegalArgumentException if the request is invalid for the model
     */
    public Explanation explain(Path image, Request request) throws IOException {
        return explain(ImageDecoder.decode(image, classifier.preprocessing().upright()), request);
    }

    /** Explains the prediction for a decoded image of any size. */
    public Explanation explain(RgbImage image, Request request) {
        Request resolved = resolve(request);
        RgbImage input = classifier.preprocessing().input(image);
        Prediction prediction = classifier.classify(input);
        int target = request.target().map(this::classIndex).orElseGet(prediction::classIndex);
        String stage = request.method().looksAtStage() ? stages().get(resolved.stage()) : "";
        return new Explanation(input, prediction, target, resolved, stage, map(input, target, resolved));
    }

    private HeatMap map(RgbImage image, int target, Request request) {
        if (request.method() == Method.OCCLUSION) {
            return new Occlusion(request.patch(), request.stride()).map(classifier, image, target);
        }
        try (Batch batch = Batch.of(List.of(image), table)) {
            return ClassActivationMap.of(classifier.model(), batch.images(), request.stage(), target, request.method());
        }
    }

    /** Checks the faithfulness of an explanation by this explainer. */
    public FaithfulnessCheck check(Explanation explanation) {
        PixelOrder order = PixelOrder.of(explanation);
        List<Double> correlations = randomModels().stream()
                .map(other -> other.map(explanation.image(), explanation.target(), explanation.request()))
                .map(map -> RankCorrelation.spearman(explanation.map().values(), map.values()))
                .toList();
        return new FaithfulnessCheck(
                explanation.targetName(),
                explanation.map().max() > 0,
                order.curve(classifier, true),
                order.curve(classifier, false),
                correlations);
    }

    /** The same architecture with random initialisation. */
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

    /**
     * What to explain, and with which method.
     *
     * @param method attribution method
     * @param stage number of the network stage, or {@link #LAST_STAGE}; not used by occlusion
     * @param target class to explain; empty for the predicted class
     * @param patch occlusion only: height and width of the patch in pixels of the network's input; 0 for an eighth of
     *     the input size
     * @param stride occlusion only: distance between patch positions in pixels; 0 for half the patch
     */
    public record Request(Method method, int stage, Optional<String> target, int patch, int stride) {
        /** The last stage before the head. */
        public static final int LAST_STAGE = -1;

        /** Checks that the values are valid for the method. */
        public Request {
            if (patch < 0 || stride < 0) {
                throw new IllegalArgumentException(
                        "patch and stride must be positive, or 0 for the default, got " + patch + " and " + stride);
            }
            if (!method.looksAtStage() && stage != LAST_STAGE) {
                throw new IllegalArgumentException(method.label() + " does not use a stage, got stage " + stage);
            }
            if (method.looksAtStage() && (patch > 0 || stride > 0)) {
                throw new IllegalArgumentException(
                        method.label() + " does not use a patch, got patch " + patch + " and stride " + stride);
            }
        }

        /** A request with the defaults of the method, for the predicted class. */
        public static Request of(Method method) {
            return new Request(method, LAST_STAGE, Optional.empty(), 0, 0);
        }

        /** This request with another stage. */
        public Request atStage(int number) {
            return new Request(method, number, target, patch, stride);
        }

        /** This request for another class. */
        public Request forClass(String name) {
            return new Request(method, stage, Optional.of(name), patch, stride);
        }

        /** This request with another patch size and stride. */
        public Request withPatch(int size, int distance) {
            return new Request(method, stage, target, size, distance);
        }
    }
}
