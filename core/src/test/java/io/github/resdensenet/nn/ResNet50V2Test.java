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
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ResNet50V2Test {
    private static final JsonNode GOLDEN = Golden.json("resnet50v2.json");

    private static ImageClassifier model(int classes) {
        return Models.create(ModelConfig.of(Architecture.RESNET50V2), classes, 0);
    }

    /** Converts a shape of Keras: [height, width, in, out] of convolutions, [in, out] of dense layers. */
    private static long[] torchShape(long[] keras) {
        return switch (keras.length) {
            case 4 -> new long[] {keras[3], keras[2], keras[0], keras[1]};
            case 2 -> new long[] {keras[1], keras[0]};
            default -> keras;
        };
    }

    @Test
    void namesAndShapesMatchKeras() {
        Map<String, Tensor> state = model(3).stateDict();
        JsonNode shapes = GOLDEN.get("shapes");
        List<String> names = state.keySet().stream()
                .filter(name -> !name.endsWith("num_batches_tracked"))
                .toList();
        assertThat(names).containsExactlyInAnyOrderElementsOf(shapes.propertyNames());
        names.forEach(name -> assertThat(state.get(name).shape())
                .as(name)
                .containsExactly(torchShape(Golden.integers(shapes.get(name)))));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 1000})
    void parameterCountsMatchKerasWithAndWithoutStatistics(int classes) {
        ImageClassifier model = model(classes);
        JsonNode counts = GOLDEN.get("parameters").get(Integer.toString(classes));
        assertThat(model.parameterCount()).isEqualTo(counts.get("trained").asLong());
        long all = model.stateDict().values().stream()
                .filter(Tensor::is_floating_point)
                .mapToLong(Tensor::numel)
                .sum();
        assertThat(all).isEqualTo(counts.get("all").asLong());
        Summary summary = Summary.of(model, 64);
        assertThat(summary.params()).isEqualTo(counts.get("trained").asLong());
        long normalisations = summary.rows().stream()
                .filter(row -> row.layer().startsWith("BatchNorm2d"))
                .count();
        assertThat(summary.params() + summary.buffers() - normalisations)
                .isEqualTo(counts.get("all").asLong());
    }

    @ParameterizedTest
    @CsvSource({"224, 224", "97, 130"})
    void logitsMatchKeras(int height, int width) {
        ImageClassifier model = model(3);
        TestModels.fill(model);
        model.train(false);
        String size = height + "x" + width;
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor images = TestModels.images("input/" + size, 2, height, width).to(ScalarType.Float);
            assertThat(TestModels.values(model.call(images)))
                    .containsExactly(Golden.numbers(GOLDEN.get("logits").get(size)), within(1e-4));
        }
    }

    @Test
    void normalisationAndInitialWeightsMatchKeras() {
        model(3).walk((path, module) -> {
            if (module instanceof BatchNorm2d bn) {
                assertThat(bn.eps).isEqualTo(1.001e-5);
                assertThat(bn.momentum).isEqualTo(0.01);
                assertThat(bn.toString()).contains("eps=1.001e-05, momentum=0.01");
            } else if (module instanceof Conv2d conv) {
                double pixels = conv.kernelSize * conv.kernelSize;
                double bound = Math.sqrt(6 / (pixels * (conv.inChannels + conv.outChannels)));
                assertThat(conv.weight.abs().max().item_double()).as(path).isBetween(0.99 * bound, bound + 1e-7);
                assertThat(conv.weight.std().item_double())
                        .isCloseTo(bound / Math.sqrt(3), within(5 * bound / Math.sqrt(conv.weight.numel())));
                assertThat(conv.bias == null ? 0 : conv.bias.abs().max().item_double())
                        .isZero();
            }
        });
    }
}
