package io.github.resdensenet.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class DenseNet121Test {
    private static final JsonNode GOLDEN = Golden.json("densenet121.json");

    private static ImageClassifier model() {
        return Models.create(ModelConfig.of(Architecture.DENSENET121), 3, 0);
    }

    @Test
    void stateDictMatchesTorchvision() {
        Map<String, Tensor> state = model().stateDict();
        JsonNode shapes = GOLDEN.get("shapes");
        assertThat(state.keySet()).containsExactlyElementsOf(shapes.propertyNames());
        state.forEach((name, t) -> assertThat(t.shape()).as(name).containsExactly(Golden.integers(shapes.get(name))));
    }

    @ParameterizedTest
    @CsvSource({"224, 224", "97, 130"})
    void logitsMatchTorchvision(int height, int width) {
        ImageClassifier model = model();
        TestModels.fill(model);
        model.train(false);
        String size = height + "x" + width;
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor images = TestModels.images("input/" + size, 2, height, width).to(ScalarType.Float);
            assertThat(TestModels.values(model.call(images)))
                    .containsExactly(Golden.numbers(GOLDEN.get("logits").get(size)), within(1e-5));
        }
    }

    @Test
    void initialWeightsMatchTorchvisionForSameSeed() {
        Map<String, Tensor> parameters = model().namedParameters();
        JsonNode init = GOLDEN.get("init");
        for (String name : init.propertyNames()) {
            double[] expected = Golden.numbers(init.get(name));
            double[] ours = TestModels.digest(parameters.get(name));
            assertThat(ours).as(name).containsExactly(expected, within(1e-5 * expected[0]));
        }
    }

    @Test
    void summaryMatchesTorchsummary() {
        List<String> rows = Summary.of(model(), 224).rows().stream()
                .map(r -> r.layer() + " " + r.shape() + " " + r.params())
                .toList();
        assertThat(rows)
                .hasSize(428)
                .containsExactlyElementsOf(
                        Golden.text("densenet121-summary.txt").lines().toList());
    }
}
