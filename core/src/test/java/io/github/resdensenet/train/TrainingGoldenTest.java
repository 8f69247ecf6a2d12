package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.engine.Pass;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.optim.Optimizer;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Compares 20 training steps of a small network in float64 with PyTorch, for each optimiser, loss and average. */
class TrainingGoldenTest {
    private static final double TOLERANCE = 1e-7;
    private static final int STEPS = 20;
    private static final List<Double> WEIGHTS = List.of(1.0, 2.0, 0.5);

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "adamw                                   | 0.01 | 1 |",
                "adamw without decay of norms and biases | 0.01 | 1 | train.decayNormAndBias=false",
                "sgd                                     | 0.02 | 1 | train.optimizer=sgd train.nesterov=false",
                "sgd without momentum                    | 0.02 | 1 | train.optimizer=sgd train.momentum=0.0",
                "nesterov                                | 0.02 | 1 | train.optimizer=sgd",
                "clip                                    | 0.01 | 1 | train.clipNorm=0.5",
                "accumulate                              | 0.01 | 1 | train.accumulate=2",
                "ema                                     | 0.01 | 1 | train.emaDecay=0.9",
                "class weights                           | 0.01 | 1 | train.classWeights=1,2,0.5",
                "mixed                                   | 0.01 | 0.3 |",
                "mixed class weights                     | 0.01 | 0.3 | train.classWeights=1,2,0.5"
            })
    void weightsAndLossesMatchPyTorch(String name, double lr, double lambda, @Nullable String settings) {
        Map<String, String> changes = new HashMap<>(Map.of(
                "model.growthRate", "8",
                "model.blockConfig", "[1, 1]",
                "model.numInitFeatures", "8",
                "train.weightDecay", "0.05",
                "train.momentum", "0.8"));
        for (String change : settings == null ? new String[0] : settings.split(" ")) {
            changes.put(change.substring(0, change.indexOf('=')), change.substring(change.indexOf('=') + 1));
        }
        Recipe recipe = Recipe.defaults().with(changes);
        ImageClassifier model = Models.create(recipe.model(), 3, 0);
        model.to(ScalarType.Double);
        TestModels.fill(model);
        List<Double> weights = recipe.train().classWeights().equals("none") ? List.of() : WEIGHTS;
        JsonNode golden = Golden.json("training.json").get(name);
        double[] losses = Golden.numbers(golden.get("losses"));
        try (ReferenceEngine engine =
                new ReferenceEngine(model, recipe.train(), weights, new Device("cpu"), "as requested")) {
            for (int step = 0; step < STEPS; step++) {
                assertThat(step(engine, recipe.train().accumulate(), step, lr, lambda))
                        .as("loss of step " + step)
                        .isCloseTo(losses[step], within(TOLERANCE * losses[step]));
            }
            engine.optimizer.swapAverage();
            assertEqual(golden.get("state"), model.stateDict());
        }
    }

    /** A step on one batch, or on several batches whose gradients are averaged. */
    private static double step(ReferenceEngine engine, int parts, int step, double lr, double lambda) {
        int[] labels = {step % 3, (step + 1) % 3, 2, 0};
        int[] others = IntStream.range(0, 4).map(i -> labels[(i + 3) % 4]).toArray();
        Targets targets = lambda < 1 ? new Targets(labels, others, lambda) : Targets.of(labels);
        double loss = 0;
        for (int part = 0; part < parts; part++) {
            try (PointerScope scope = new PointerScope()) {
                Tensor images = TestModels.images("batch/" + (step * parts + part), 4, 32, 32);
                Tensor mixed = images.roll(new long[] {1}, 0)
                        .mul(new Scalar(1 - lambda))
                        .add(images.mul(new Scalar(lambda)));
                Pass pass = engine.pass(mixed, targets);
                loss += pass.loss() / parts;
                if (parts > 1) {
                    engine.optimizer.accumulate(1.0 / parts, part == parts - 1);
                }
            }
        }
        engine.optimizer.step(lr, Optimizer.Division.WHOLE);
        return loss;
    }

    private static void assertEqual(JsonNode golden, Map<String, Tensor> actual) {
        golden.propertyNames().forEach(name -> {
            double[] expected = Golden.numbers(golden.get(name));
            double[] digest = TestModels.digest(actual.get(name));
            for (int i = 0; i < 3; i++) {
                assertThat(digest[i])
                        .as(name)
                        .isCloseTo(expected[i], within(TOLERANCE * (Math.abs(expected[i]) + Math.abs(expected[0]))));
            }
        });
        assertThat(actual.keySet().stream().filter(name -> !name.endsWith("num_batches_tracked")))
                .containsExactlyElementsOf(golden.propertyNames());
    }
}
