package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.FusedTraining;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the fused engine with the same computation in double precision.
 *
 * <p>Rounding decides whether a ReLU with an input near 0 is active, which changes a gradient by 1e-3 in any float32
 * program. The tests therefore divide the error by the reference engine's on the same batch, and check the median of
 * several batches.
 */
class FusedEngineTest {
    private static final int CLASSES = 3;
    private static final Device CPU = new Device("cpu");

    private static Recipe recipe(String precision, int batchSize, int imageSize) {
        return Recipe.defaults()
                .with("train.precision", precision)
                .with("data.batchSize", Integer.toString(batchSize))
                .with("data.imageSize", Integer.toString(imageSize));
    }

    private static ReferenceEngine reference(ImageClassifier model) {
        return new ReferenceEngine(model, Recipe.defaults().train(), List.of(), CPU, "as requested");
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
        return ModelConfig.resDenseNet(growthRate, List.of(blocks), features, bnSize);
    }

    /** Returns the relative error of each parameter's gradient in one step, in the order of the parameters. */
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

    /** The reference engine's sums depend on the number of threads, and other tests change it. */
    @BeforeEach
    void setThreads() {
        NativeSettings.apply(2);
    }

    @ParameterizedTest(name = "growthRate {0}, features {1}, bnSize {2}, blocks {3}, batch {4}, {5} px")
    @CsvSource({
        "32, 64, 4, 3-4-6-4, 2, 64",
        "12, 24, 4, 2-3-2, 8, 64",
        "12, 20, 3, 2-2, 33, 43",
        "16, 32, 2, 1-5, 4, 81"
    })
    void lossGradientsAndStatisticsAreAsExactAsReference(
            int growthRate, int features, int bnSize, String blocks, int n, int size) {
        Integer[] layers =
                Arrays.stream(blocks.split("-")).map(Integer::valueOf).toArray(Integer[]::new);
        compare(config(growthRate, features, bnSize, layers), n, size);
    }

    @ParameterizedTest(name = "growthRate {0}, features {1}, bnSize {2}, blocks {3}, batch {4}, {5} px")
    @CsvSource({"32, 64, 4, 3-4-6-4, 5, 97", "8, 16, 4, 2-2-2-2, 3, 130"})
    @Tag("slow")
    void lossGradientsAndStatisticsOfLargeInputsAreAsExactAsReference(
            int growthRate, int features, int bnSize, String blocks, int n, int size) {
        lossGradientsAndStatisticsAreAsExactAsReference(growthRate, features, bnSize, blocks, n, size);
    }

    /** In models this deep, rounding changes some ReLU in most batches, in both engines. */
    @ParameterizedTest
    @CsvSource({"densenet121, 4, 64", "resnet50v2, 5, 75"})
    void lossAndGradientsMatchReferenceForOtherModels(String name, int n, int size) {
        ImageClassifier model = Models.create(ModelConfig.of(Architecture.of(name)), CLASSES, 0);
        ImageClassifier referenceModel = Models.create(ModelConfig.of(Architecture.of(name)), CLASSES, 0);
        try (FusedEngine fused = new FusedEngine(model, recipe("fp32", n, size));
                ReferenceEngine reference = reference(referenceModel);
                Batch batch = batch(n, size, 1)) {
            double loss = fused.step(batch, 1e-30).loss();
            assertThat(loss).isCloseTo(reference.step(batch, 1e-30).loss(), within(1e-5));
            Iterator<Double> errors =
                    gradientErrors(model, referenceModel.namedParameters()).iterator();
            for (String parameter : model.namedParameters().keySet()) {
                double error = errors.next();
                if (!parameter.matches(".*_[03]_conv\\.bias")) { // batch normalisation cancels these biases
                    assertThat(error).as(parameter).isLessThan(0.1);
                }
            }
            assertThat(statisticsError(model, referenceModel)).isLessThan(1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"concat", "add", "none", "stacked"})
    void everyFusionIsAsExactAsReference(String fusion) {
        compare(new ModelConfig(Architecture.RESDENSENET, 8, List.of(2, 2), 16, 4, Fusion.of(fusion)), 3, 43);
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
            try (FusedEngine fused = new FusedEngine(model, recipe("fp32", n, size));
                    ReferenceEngine reference = reference(referenceModel);
                    ReferenceEngine exactEngine = reference(exact);
                    Batch batch = batch(n, size, seed);
                    PointerScope scope = new PointerScope()) {
                double loss = exactEngine
                        .step(batch.images().to(ScalarType.Double), Engine.targets(batch), 1e-300)
                        .loss();
                Engine.Step step = fused.step(batch, 1e-30);
                Engine.Step referenceStep = reference.step(batch, 1e-30);
                assertThat(step.correct()).isEqualTo(referenceStep.correct());
                lossErrors.add(Math.abs(step.loss() - loss));
                referenceLossErrors.add(Math.abs(referenceStep.loss() - loss));
                List<Double> fusedErrors = gradientErrors(model, exact.namedParameters());
                List<Double> referenceErrors = gradientErrors(referenceModel, exact.namedParameters());
                double logRatio = IntStream.range(0, fusedErrors.size())
                        .mapToDouble(i -> Math.log(fusedErrors.get(i) / referenceErrors.get(i)))
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

    /** Returns the largest relative error of the running statistics. */
    private static double statisticsError(ImageClassifier model, ImageClassifier exact) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> expected = exact.stateDict();
            return model.stateDict().entrySet().stream()
                    .filter(e -> e.getKey().contains("running"))
                    .mapToDouble(e -> {
                        Tensor target = expected.get(e.getKey()).to(ScalarType.Double);
                        return e.getValue()
                                        .to(ScalarType.Double)
                                        .sub(target)
                                        .norm()
                                        .item_double()
                                / target.norm().item_double();
                    })
                    .max()
                    .orElseThrow();
        }
    }

    @Test
    void matchesReferenceAndIsDeterministicOverSteps(@org.junit.jupiter.api.io.TempDir Path folder) throws Exception {
        ModelConfig config = config(32, 64, 4, 2, 2);
        ImageClassifier model = Models.create(config, CLASSES, 0);
        ImageClassifier again = Models.create(config, CLASSES, 0);
        ImageClassifier referenceModel = Models.create(config, CLASSES, 0);
        try (FusedEngine fused = new FusedEngine(model, recipe("fp32", 8, 48));
                FusedEngine twin = new FusedEngine(again, recipe("fp32", 8, 48));
                ReferenceEngine reference = reference(referenceModel)) {
            for (int i = 0; i < 12; i++) {
                try (Batch batch = batch(i % 3 == 2 ? 5 : 8, 48, i % 4)) { // every third batch is smaller
                    double loss = fused.step(batch, 1e-3).loss();
                    assertThat(loss).isEqualTo(twin.step(batch, 1e-3).loss());
                    assertThat(loss)
                            .as("loss of step " + i)
                            .isCloseTo(reference.step(batch, 1e-3).loss(), within(1e-3));
                }
            }
            assertThat(ModelState.of(model)).isEqualTo(ModelState.of(again));
            assertThat(fused.optimizer.steps()).isEqualTo(12);

            // The reference engine can continue from the fused engine's state.
            ModelState.load(referenceModel, ModelState.of(model), folder);
            reference.optimizer.load(fused.optimizer.state(), folder);
            try (Batch batch = batch(8, 48, 99)) {
                assertThat(reference.step(batch, 1e-3).loss())
                        .isCloseTo(fused.step(batch, 1e-3).loss(), within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "resdensenet, 2, fp32",
        "resdensenet, 4, fp32",
        "resdensenet, 8, fp32",
        "resdensenet, 4, bf16",
        "densenet121, 4, fp32",
        "resnet50v2, 4, fp32"
    })
    void weightsAndMomentsAreTheSameBytesForAnyNumberOfThreads(String name, int shards, String precision) {
        assumeTrue(
                precision.equals("fp32") || FusedTraining.describe().contains("avx512"),
                "this processor has no bf16 kernels");
        Recipe recipe = recipe(precision, 8, 64).with("train.shards", Integer.toString(shards));
        Map<String, TensorData> expected = new HashMap<>();
        for (int threads : new int[] {1, 2, 3, 4}) {
            NativeSettings.apply(threads);
            ImageClassifier model = Models.create(ModelConfig.of(Architecture.of(name)), CLASSES, 0);
            try (FusedEngine engine = new FusedEngine(model, recipe)) {
                for (int size : new int[] {8, 5, 3}) { // the last batches of epochs; 3 images make 3 shards at most
                    try (Batch batch = batch(size, 64, size)) {
                        engine.step(batch, 1e-3);
                    }
                }
                Map<String, TensorData> state = new HashMap<>(ModelState.of(model));
                state.putAll(engine.optimizer.state().tensors());
                expected = threads == 1 ? state : expected;
                Map<String, TensorData> first = expected;
                assertThat(state.keySet().stream().filter(key -> !state.get(key).equals(first.get(key))))
                        .as("differ at %d threads", threads)
                        .isEmpty();
            }
        }
    }

    @Test
    void localBatchNormNormalisesEachShardAlone() {
        ModelConfig config = config(8, 16, 4, 2, 2);
        Recipe recipe = recipe("fp32", 5, 48).with(Map.of("train.batchNorm", "local", "train.shards", "2"));
        ImageClassifier model = Models.create(config, CLASSES, 0);
        try (FusedEngine fused = new FusedEngine(model, recipe);
                Batch batch = batch(5, 48, 1);
                PointerScope scope = new PointerScope()) {
            double loss = fused.step(batch, 1e-30).loss();
            double expectedLoss = 0;
            Map<String, Tensor> expected = new LinkedHashMap<>();
            for (int[] range : new int[][] {{0, 2}, {2, 5}}) { // images of the two shards
                ImageClassifier exact = Models.create(config, CLASSES, 0);
                exact.to(ScalarType.Double);
                int n = range[1] - range[0];
                Tensor images = batch.images().to(ScalarType.Double).narrow(0, range[0], n);
                expectedLoss += reference(exact)
                                .step(
                                        images,
                                        Targets.of(Arrays.copyOfRange(batch.labels(), range[0], range[1])),
                                        1e-300)
                                .loss()
                        * n
                        / 5;
                exact.namedParameters().forEach((key, p) -> {
                    Tensor part = p.grad().mul(new Scalar(n / 5.0));
                    expected.merge(key, part, Tensor::add);
                });
            }
            assertThat(loss).isCloseTo(expectedLoss, within(1e-5));
            model.namedParameters().forEach((key, p) -> {
                double error = p.grad()
                        .to(ScalarType.Double)
                        .sub(expected.get(key))
                        .norm()
                        .item_double();
                assertThat(error / expected.get(key).norm().item_double())
                        .as(key)
                        .isLessThan(0.01);
            });
        }
    }

    @Test
    void accumulatedBatchesHaveTheGradientsOfShardsWithTheirOwnStatistics() {
        ModelConfig config = config(8, 16, 4, 2, 2);
        Recipe whole = recipe("fp32", 8, 48).with(Map.of("train.batchNorm", "local", "train.shards", "2"));
        Recipe parts = recipe("fp32", 4, 48)
                .with(Map.of("train.batchNorm", "local", "train.accumulate", "2", "train.shards", "1"));
        ImageClassifier expected = Models.create(config, CLASSES, 0);
        ImageClassifier model = Models.create(config, CLASSES, 0);
        try (FusedEngine atOnce = new FusedEngine(expected, whole);
                FusedEngine engine = new FusedEngine(model, parts);
                Batch all = batch(8, 48, 1)) {
            Batch first = new Batch(
                    all.memory().slice(0, 4 * 3 * 48 * 48), new int[4], Arrays.copyOf(all.labels(), 4), 48, () -> {});
            Batch second = new Batch(
                    all.memory().slice(4 * 3 * 48 * 48, 4 * 3 * 48 * 48),
                    new int[4],
                    Arrays.copyOfRange(all.labels(), 4, 8),
                    48,
                    () -> {});
            double loss = atOnce.step(all, 1e-3).loss();
            Engine.Step half = engine.step(first, new Engine.StepShare(0.5, false), 1e-3);
            assertThat(half.number()).isZero();
            Engine.Step end = engine.step(second, new Engine.StepShare(0.5, true), 1e-3);
            assertThat(end.number()).isOne();
            assertThat((half.loss() + end.loss()) / 2).isCloseTo(loss, within(1e-6));
            Map<String, TensorData> state = engine.optimizer.state().tensors();
            Map<String, TensorData> atOnceState = atOnce.optimizer.state().tensors();
            assertThat(state.keySet().stream().filter(key -> !state.get(key).equals(atOnceState.get(key))))
                    .isEmpty();
        }
    }

    @Test
    void bf16StaysCloseToFp32AndReducesLoss() {
        ModelConfig config = config(32, 64, 4, 2, 2);
        assumeTrue(FusedTraining.describe().contains("avx512"), "this processor has no bf16 kernels");
        try (FusedEngine fused = new FusedEngine(Models.create(config, CLASSES, 0), recipe("fp32", 8, 48));
                FusedEngine half = new FusedEngine(Models.create(config, CLASSES, 0), recipe("bf16", 8, 48));
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
    void autoChoosesFusedEngineAndRejectsBf16WithReference() {
        Recipe recipe = Recipe.defaults().with("data.imageSize", "48");
        try (Engine engine = Engine.of(
                recipe, Models.create(config(32, 64, 4, 1, 1), CLASSES, 0), List.of(), CPU, ProcessGroup.single())) {
            assertThat(engine.name()).isEqualTo("fused");
            assertThat(engine.description()).startsWith("fused (static plans of oneDNN ");
        }
        Recipe reference = recipe.with("train.engine", "reference");
        try (Engine engine = Engine.of(
                reference, Models.create(config(32, 64, 4, 1, 1), CLASSES, 0), List.of(), CPU, ProcessGroup.single())) {
            assertThat(engine.description()).isEqualTo("reference (libtorch autograd, as requested)");
        }
        assertThatThrownBy(() -> Engine.of(
                        reference.with("train.precision", "bf16"),
                        Models.create(config(32, 64, 4, 1, 1), CLASSES, 0),
                        List.of(),
                        CPU,
                        ProcessGroup.single()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("train.precision bf16 needs train.engine fused");
        assertThatThrownBy(() -> Engine.of(
                        reference.with("train.batchNorm", "local"),
                        Models.create(config(32, 64, 4, 1, 1), CLASSES, 0),
                        List.of(),
                        CPU,
                        ProcessGroup.single()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("train.batchNorm local needs train.engine fused");
    }
}
