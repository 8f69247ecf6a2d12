package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.Targets;
import io.github.resdensenet.optim.LrSchedule;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Compares training steps with PyTorch in float64. In float32, PyTorch itself may differ by 1e-3 after one step. */
class TrainingStepTest {
    private static final double RELATIVE = 1e-7;

    private static ImageClassifier doubleModel(String name) {
        ImageClassifier model = Models.create(ModelConfig.of(Architecture.of(name)), 3, 0);
        model.to(ScalarType.Double);
        TestModels.fill(model);
        return model;
    }

    private static ReferenceEngine engine(ImageClassifier model) {
        Recipe recipe = Recipe.defaults().with("train.weightDecay", "1e-4").with("train.labelSmoothing", "0.1");
        return new ReferenceEngine(model, recipe.train(), List.of(), new Device("cpu"), "as requested");
    }

    private static double step(ReferenceEngine engine, int step, double lr) {
        try (PointerScope scope = new PointerScope()) {
            Tensor images = TestModels.images("batch/" + step, 4, 64, 64);
            Targets targets = Targets.of(new int[] {step % 3, (step + 1) % 3, 2, 0});
            return engine.step(images, targets, lr).loss();
        }
    }

    private static void assertEqual(JsonNode golden, Map<String, Tensor> actual) {
        assertThat(actual.keySet()).containsExactlyElementsOf(golden.propertyNames());
        actual.forEach((name, tensor) -> {
            double[] expected = Golden.numbers(golden.get(name));
            double typical = expected[0] / Math.sqrt(Math.max(1, tensor.numel()));
            double[] digest = TestModels.digest(tensor);
            assertThat(digest[0]).as(name + " norm").isCloseTo(expected[0], within(RELATIVE * expected[0]));
            for (int i = 1; i < 3; i++) {
                assertThat(digest[i])
                        .as(name)
                        .isCloseTo(expected[i], within(RELATIVE * (Math.abs(expected[i]) + typical)));
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"resdensenet, gradients.json", "densenet121, densenet121-gradients.json"})
    void lossAndGradientsMatchPyTorch(String name, String file) {
        ImageClassifier model = doubleModel(name);
        JsonNode golden = Golden.json(file);
        double loss = step(engine(model), 0, 1e-300);
        assertThat(loss).isCloseTo(golden.get("loss").asDouble(), within(RELATIVE));
        Map<String, Tensor> gradients = new java.util.LinkedHashMap<>();
        model.namedParameters().forEach((parameter, p) -> gradients.put(parameter, p.grad()));
        assertEqual(golden.get("gradients"), gradients);
    }

    @Test
    void parametersAndStatisticsMatchPyTorchAfterOneStep() {
        assertStateMatches(1);
    }

    @Test
    @Tag("slow")
    void parametersAndStatisticsMatchPyTorchAfterTwentySteps() {
        assertStateMatches(20);
    }

    private static void assertStateMatches(int steps) {
        ImageClassifier model = doubleModel("resdensenet");
        ReferenceEngine engine = engine(model);
        LrSchedule schedule = LrSchedule.of(Recipe.defaults().train(), 2);
        JsonNode golden = Golden.json("step" + steps + ".json");
        double[] losses = Golden.numbers(golden.get("losses"));
        for (int step = 0; step < steps; step++) {
            double loss = step(engine, step, schedule.at(step / 2, step % 2));
            assertThat(loss).as("loss of step " + step).isCloseTo(losses[step], within(RELATIVE * losses[step]));
        }
        assertEqual(golden.get("state"), model.stateDict());
    }
}
