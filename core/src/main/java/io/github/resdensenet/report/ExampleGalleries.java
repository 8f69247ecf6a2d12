package io.github.resdensenet.report;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.explain.Explainer;
import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.explain.Method;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Selects example images of an evaluation for the report, each with its Grad-CAM heatmap. */
final class ExampleGalleries {
    private static final int EXAMPLES = 12;
    private static final int LARGEST_IMAGE = 128;

    private final Classifier classifier;
    private final Evaluation test;
    private final Explainer explainer;

    ExampleGalleries(Classifier classifier, Evaluation test) {
        this.classifier = classifier;
        this.test = test;
        this.explainer = new Explainer(classifier);
    }

    /** All galleries that have examples. */
    List<Gallery> all() throws IOException {
        Comparator<Integer> byConfidence = Comparator.comparingDouble(test::confidence);
        List<Gallery> galleries = List.of(
                gallery(
                        "Most confident errors",
                        "Wrong predictions with the highest probability of the predicted class. Wrong labels show up"
                                + " here, too.",
                        images().filter(i -> !isCorrect(i)).sorted(byConfidence.reversed())),
                gallery(
                        "Least confident predictions",
                        "Predictions with the lowest probability of the predicted class, correct or wrong.",
                        images().sorted(byConfidence)),
                gallery(
                        "Most confident correct predictions",
                        "Correct predictions with the highest probability of the predicted class.",
                        images().filter(this::isCorrect).sorted(byConfidence.reversed())));
        return galleries.stream().filter(g -> !g.examples().isEmpty()).toList();
    }

    private Stream<Integer> images() {
        return IntStream.range(0, test.n()).boxed();
    }

    private boolean isCorrect(int i) {
        return test.predicted(i) == test.truth().get(i);
    }

    private Gallery gallery(String title, String about, Stream<Integer> images) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (int i : images.limit(EXAMPLES).toList()) {
            Sample sample = test.samples().get(i);
            RgbImage image = ImageDecoder.decode(
                    sample.path(), classifier.preprocessing().upright());
            examples.add(new Example(
                    sample.name(),
                    test.classes().get(test.truth().get(i)),
                    test.classes().get(test.predicted(i)),
                    test.confidence(i),
                    small(image),
                    Optional.of(small(
                            explainer.explain(image, Request.of(Method.GRADCAM)).overlay()))));
        }
        return new Gallery(title, about, examples);
    }

    /** Resizes an image as for the network, to its input size, but at most {@value #LARGEST_IMAGE} pixels. */
    private RgbImage small(RgbImage image) {
        Preprocessing preprocessing = classifier.preprocessing();
        return preprocessing
                .withImageSize(Math.min(preprocessing.imageSize(), LARGEST_IMAGE))
                .input(image);
    }
}
