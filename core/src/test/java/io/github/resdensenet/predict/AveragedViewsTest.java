package io.github.resdensenet.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing.ResizeMode;
import io.github.resdensenet.transforms.TestTimeAugmentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks prediction and evaluation with test-time augmentation. */
class AveragedViewsTest {
    private static final List<String> CLASSES = List.of("day", "night");

    @TempDir
    private Path folder;

    private Path images = Path.of("");

    /** Images of several sizes, none of them square. */
    @BeforeEach
    void createImages() throws Exception {
        images = folder.resolve("images");
        for (String name : CLASSES) {
            Path subfolder = Files.createDirectories(images.resolve(name));
            for (int i = 0; i < 4; i++) {
                int height = 30 + 9 * i;
                int width = 61 - 7 * i;
                TestImages.png(
                        subfolder.resolve(i + ".png"), height, width, Counter.image(name + i, height, width, false));
            }
        }
    }

    private Run run(String name, String... settings) throws Exception {
        Recipe recipe = Recipe.defaults()
                .with("model.blockConfig", "[1, 1]")
                .with("model.growthRate", "8")
                .with("model.numInitFeatures", "8")
                .with("data.imageSize", "32")
                .with("data.batchSize", "3")
                .with("train.threads", "2");
        for (String setting : settings) {
            recipe = recipe.with(setting.split("=")[0], setting.split("=")[1]);
        }
        Map<String, TensorData> weights = new LinkedHashMap<>();
        try (ImageClassifier model = Models.create(recipe.model(), CLASSES.size(), 3)) {
            weights.putAll(ModelState.of(model));
            Path out = folder.resolve(name);
            return new Weights(weights, Normalize.IMAGENET, out).createRun(recipe, CLASSES, out);
        }
    }

    private Evaluation evaluate(Run run, TestTimeAugmentation augmentation) throws Exception {
        return new RunEvaluator(run)
                .withTestTimeAugmentation(augmentation)
                .evaluateFolder(images, false, (done, total) -> {})
                .evaluation();
    }

    @ParameterizedTest
    @EnumSource(TestTimeAugmentation.class)
    void logitsAreTheMeanOfSinglePredictions(TestTimeAugmentation augmentation) throws Exception {
        try (Classifier classifier = Classifier.load(run("run").folder())) {
            assertThat(classifier.classify(List.of())).isEmpty();
            RgbImage image = ImageDecoder.decode(images.resolve("day/0.png"), false);
            double[] mean = new double[CLASSES.size()];
            for (RgbImage view : augmentation.views(image, classifier.preprocessing())) {
                List<Double> logits = classifier.classify(view).logits();
                for (int c = 0; c < mean.length; c++) {
                    mean[c] += logits.get(c) / augmentation.count();
                }
            }
            Prediction averaged = classifier.classify(image, augmentation);
            for (int c = 0; c < mean.length; c++) {
                assertThat(averaged.logits().get(c)).isCloseTo(mean[c], within(1e-5));
            }
            assertThat(averaged.probabilities())
                    .isEqualTo(Prediction.probabilities(averaged.logits(), classifier.temperature()));
            assertThat(averaged.equals(classifier.classify(image)))
                    .isEqualTo(augmentation == TestTimeAugmentation.NONE);
        }
    }

    @ParameterizedTest
    @EnumSource(ResizeMode.class)
    void evaluationAndPredictionAgree(ResizeMode mode) throws Exception {
        Run run = run("run", "data.resize=" + mode);
        try (Classifier classifier = Classifier.load(run.folder())) {
            List<List<List<Double>>> results = new ArrayList<>();
            for (TestTimeAugmentation augmentation : TestTimeAugmentation.values()) {
                Evaluation evaluation = evaluate(run, augmentation);
                assertThat(evaluation.n()).isEqualTo(8);
                for (int i = 0; i < evaluation.n(); i++) {
                    Sample sample = evaluation.samples().get(i);
                    List<Double> expected =
                            classifier.classify(sample.path(), augmentation).probabilities();
                    for (int c = 0; c < CLASSES.size(); c++) {
                        assertThat(evaluation.probabilities().get(i).get(c))
                                .as("%s: %s", augmentation, sample.name())
                                .isCloseTo(expected.get(c), within(1e-6));
                    }
                }
                results.add(evaluation.probabilities());
            }
            assertThat(results).doesNotHaveDuplicates();
        }
    }

    @Test
    void numberOfLoaderThreadsDoesNotChangeTheEvaluation() throws Exception {
        Run one = run("one", "data.loaderThreads=1");
        Run four = run("four", "data.loaderThreads=4");
        for (TestTimeAugmentation augmentation : TestTimeAugmentation.values()) {
            assertThat(evaluate(four, augmentation).probabilities())
                    .isEqualTo(evaluate(one, augmentation).probabilities());
        }
    }

    @Test
    void progressCountsEveryImageOnce() throws Exception {
        List<Integer> counts = new ArrayList<>();
        new RunEvaluator(run("run"))
                .withTestTimeAugmentation(TestTimeAugmentation.CROPS)
                .evaluateFolder(images, false, (done, total) -> {
                    assertThat(total).isEqualTo(8);
                    counts.add(done);
                });
        assertThat(counts).isSorted();
        assertThat(counts.get(counts.size() - 1)).isEqualTo(8);
    }
}
