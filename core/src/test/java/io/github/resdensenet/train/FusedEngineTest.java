package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.transforms.KeyedRandom;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The fused engine against the same mathematics in double precision.
 *
 * <p>A ReLU whose input is nearly 0 opens or shuts by rounding, and then a gradient moves by 1e-3 in any float32 program.
 * So errors are compared as ratios to the reference engine's on the same batch, and the median of several batches counts.
 */
class FusedEngineTest {
    private static final int CLASSES = 3;
    private static final Device CPU = new Device("cpu");

    private static Recipe.Train settings(String precision) {
        return Recipe.defaults().with("train.precision", precision).train();
    }

    private static Batch batch(int n, int size, long seed) {
        KeyedRandom random = KeyedRandom.of(seed);
        FloatBuffer pixels = Batch.allocate(n, size);
        for (int i = 0; i < pixels.capacity(); i++) {
            pixels.put(i, (float) random.nextDouble(-2, 2));
        }
        int[] labels = IntStream.range(0, n).map(i -> random.nextInt(CLASSES)).toArray();
        return new Batch(pixels, IntStream.range(0, n).toArray(), labels, size, () -> {});
    }

    private static ModelConfig config(int growthRate, int features, int bnSize, Integer... blocks) {
        return new ModelConfig("resdensenet", growthRate, List.of(blocks), features, bnSize);
    }

    /** Relative error of each parameter's gradient in one step, in the order of the parameters. */
    private static List<Double> gradientErrors(ImageClassifier model, Map<String, Tensor> exact) {
        List<Double> errors = new ArrayList<>();
        try (PointerScope scope = new PointerScope()) {
            model.namedParameters().forEach((name, p) -> {
                Tensor expected = exact.get(name).grad().to(ScalarType.Double);
                Tensor error = p.grad().to(ScalarType.Double).sub(expected);
                errors.add(error.norm().item_double() / expected.norm().item_double());
            });
        }
        return errors;
    }

    private static double median(List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** Other tests leave other settings behind, and sums depend on the number of threads. */
    @BeforeEach
    void twoThreads() {
        NativeSettings.apply(2);
    }

    @ParameterizedTest(name = "growthRate {0}, features {1}, bnSize {2}, blocks {3}, batch {4}, {5} px")
    @CsvSource({
        "32, 64, 4, 3-4-6-4, 2, 64",
        "32, 64, 4, 3-4-6-4, 5, 97",
        "12, 24, 4, 2-3-2, 8, 64",
        "12, 20, 3, 2-2, 33, 43",
        "16, 32, 2, 1-5, 4, 81",
        "8, 16, 4, 2-2-2-2, 3, 130"
    })
    void errorsAreTheReferencesInLossGradientsAndStatistics(
            int growthRate, int features, int bnSize, String blocks, int n, int size) {
        Integer[] layers =
                Arrays.stream(blocks.split("-")).map(Integer::valueOf).toArray(Integer[]::new);
        compare(config(growthRate, features, bnSize, layers), n, size);
    }

    /** These are so deep that some ReLU opens or shuts by rounding in most batches, in both engines. */
    @ParameterizedTest
    @CsvSource({"densenet121, 4, 64", "resnet50v2, 5, 75"})
    void lossAndGradientsAreTheReferencesForTheOtherModelsToo(String name, int n, int size) {
        ImageClassifier model = Models.create(ModelConfig.of(name), CLASSES, 0);
        ImageClassifier referenceModel = Models.create(ModelConfig.of(name), CLASSES, 0);
        try (FusedEngine fused = new FusedEngine(model, n, size, settings("fp32"));
                ReferenceEngine reference = new ReferenceEngine(referenceModel, settings("fp32"), CPU, "as asked");
                Batch batch = batch(n, size, 1)) {
            double loss = fused.step(batch, 1e-30).loss();
            assertThat(loss).isCloseTo(reference.step(batch, 1e-30).loss(), within(1e-5));
            Iterator<Double> errors =
                    gradientErrors(model, referenceModel.namedParameters()).iterator();
            for (String parameter : model.namedParameters().keySet()) {
                double error = errors.next();
                if (!parameter.matches(".*_[03]_conv\\.bias")) { // a later normalisation takes those away
                    assertThat(error).as(parameter).isLessThan(0.1);
                }
            }
            assertThat(statisticsError(model, referenceModel)).isLessThan(1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"concat", "add", "none", "stacked"})
    void everyFusionIsComputedAsExactly(String fusion) {
        compare(new ModelConfig("resdensenet", 8, List.of(2, 2), 16, 4, fusion), 3, 43);
    }

    private static void compare(ModelConfig config, int n, int size) {
        List<Double> lossErrors = new ArrayList<>();
        List<Double> referenceLossErrors = new ArrayList<>();
        List<Double> gradientRatios = new ArrayList<>();
        List<Double> statisticsRatios = new ArrayList<>();
        for (long seed = 0; seed < 5; seed++) {
            ImageClassifier exact = Models.create(config, CLASSES, seed);
            exact.to(ScalarType.Double);
            ImageClassifier model = Models.create(config, CLASSES, seed);
            ImageClassifier referenceModel = Models.create(config, CLASSES, seed);
            try (FusedEngine fused = new FusedEngine(model, n, size, settings("fp32"));
                    ReferenceEngine reference = new ReferenceEngine(referenceModel, settings("fp32"), CPU, "as asked");
                    ReferenceEngine exactEngine = new ReferenceEngine(exact, settings("fp32"), CPU, "as asked");
                    Batch batch = batch(n, size, seed);
                    PointerScope scope = new PointerScope()) {
                double loss = exactEngine
                        .step(batch.images().to(ScalarType.Double), batch.labels(), 1e-300)
                        .loss();
                Engine.Step step = fused.step(batch, 1e-30);
                Engine.Step referenceStep = reference.step(batch, 1e-30);
                assertThat(step.hits()).isEqualTo(referenceStep.hits());
                lossErrors.add(Math.abs(step.loss() - loss));
                referenceLossErrors.add(Math.abs(referenceStep.loss() - loss));
                List<Double> ours = gradientErrors(model, exact.namedParameters());
                List<Double> theirs = gradientErrors(referenceModel, exact.namedParameters());
                double logRatio = IntStream.range(0, ours.size())
                        .mapToDouble(i -> Math.log(ours.get(i) / theirs.get(i)))
                        .average()
                        .orElseThrow();
                gradientRatios.add(Math.exp(logRatio));
                statisticsRatios.add(statisticsError(model, exact) / statisticsError(referenceModel, exact));
                model.stateDict().forEach((name, t) -> {
                    if (name.endsWith("num_batches_tracked")) {
                        assertThat(t.item_long()).isEqualTo(1);
                    }
                });
            }
        }
        assertThat(median(lossErrors))
                .as("loss; the reference's is %s", median(referenceLossErrors))
                .isLessThan(2 * Math.max(median(referenceLossErrors), Math.ulp(1f) / 2));
        assertThat(median(gradientRatios)).as("gradients %s", gradientRatios).isLessThan(2);
        assertThat(median(statisticsRatios))
                .as("running statistics %s", statisticsRatios)
                .isLessThan(2);
    }

    /** The largest relative error of the running statistics. */
    private static double statisticsError(ImageClassifier model, ImageClassifier exact) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> expected = exact.stateDict();
            return model.stateDict().entrySet().stream()
                    .filter(e -> e.getKey().contains("running"))
                    .mapToDouble(e -> {
                        Tensor want = expected.get(e.getKey()).to(ScalarType.Double);
                        return e.getValue()
                                        .to(ScalarType.Double)
                                        .sub(want)
                                        .norm()
                                        .item_double()
                                / want.norm().item_double();
                    })
                    .max()
                    .orElseThrow();
        }
    }

    @Test
    void trainsAsTheReferenceDoesAndTwiceTheSame(@org.junit.jupiter.api.io.TempDir Path folder) throws Exception {
        ModelConfig config = config(32, 64, 4, 2, 2);
        ImageClassifier model = Models.create(config, CLASSES, 0);
        ImageClassifier again = Models.create(config, CLASSES, 0);
        ImageClassifier referenceModel = Models.create(config, CLASSES, 0);
        try (FusedEngine fused = new FusedEngine(model, 8, 48, settings("fp32"));
                FusedEngine twin = new FusedEngine(again, 8, 48, settings("fp32"));
                ReferenceEngine reference = new ReferenceEngine(referenceModel, settings("fp32"), CPU, "as asked")) {
            for (int i = 0; i < 12; i++) {
                try (Batch batch = batch(i % 3 == 2 ? 5 : 8, 48, i % 4)) { // a smaller batch now and then
                    double loss = fused.step(batch, 1e-3).loss();
                    assertThat(loss).isEqualTo(twin.step(batch, 1e-3).loss());
                    assertThat(loss)
                            .as("loss of step " + i)
                            .isCloseTo(reference.step(batch, 1e-3).loss(), within(1e-3));
                }
            }
            assertThat(ModelState.of(model)).isEqualTo(ModelState.of(again));
            assertThat(fused.steps()).isEqualTo(12);

            // The reference goes on from the fused engine's state as the fused engine does.
            ModelState.load(referenceModel, ModelState.of(model), folder);
            reference.load(fused.optimizerState(), folder);
            try (Batch batch = batch(8, 48, 99)) {
                assertThat(reference.step(batch, 1e-3).loss())
                        .isCloseTo(fused.step(batch, 1e-3).loss(), within(1e-5));
            }
        }
    }

    @Test
    void halfPrecisionStaysNearAndLearns() {
        ModelConfig config = config(32, 64, 4, 2, 2);
        try (FusedEngine fused = new FusedEngine(Models.create(config, CLASSES, 0), 8, 48, settings("fp32"));
                FusedEngine half = new FusedEngine(Models.create(config, CLASSES, 0), 8, 48, settings("bf16"));
                Batch batch = batch(8, 48, 1)) {
            double first = half.step(batch, 1e-3).loss();
            assertThat(first).isCloseTo(fused.step(batch, 1e-3).loss(), within(0.02));
            double last = 0;
            for (int i = 0; i < 15; i++) {
                last = half.step(batch, 1e-3).loss();
            }
            assertThat(last).isLessThan(first - 0.3);
        }
    }

    @Test
    void isWhatAutoChoosesOnThisProcessorAndSaysSo() {
        Recipe recipe = Recipe.defaults().with("data.imageSize", "48");
        try (Engine engine = Engine.of(recipe, Models.create(config(32, 64, 4, 1, 1), CLASSES, 0), CPU)) {
            assertThat(engine.name()).isEqualTo("fused");
            assertThat(engine.description()).startsWith("fused (a static plan of oneDNN ");
        }
        Recipe asked = recipe.with("train.engine", "reference");
        try (Engine engine = Engine.of(asked, Models.create(config(32, 64, 4, 1, 1), CLASSES, 0), CPU)) {
            assertThat(engine.description()).isEqualTo("reference (libtorch autograd, as asked)");
        }
        assertThatThrownBy(() -> Engine.of(
                        asked.with("train.precision", "bf16"), Models.create(config(32, 64, 4, 1, 1), CLASSES, 0), CPU))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("train.precision bf16 needs train.engine fused");
    }
}
