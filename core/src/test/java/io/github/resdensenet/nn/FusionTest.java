package io.github.resdensenet.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.nn.ablation.Widths;
import io.github.resdensenet.util.Choices;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FusionTest {
    private static final List<String> FUSIONS = Choices.labels(Fusion.class);

    private static Widths widths(ModelConfig config, int classes) {
        return Widths.of(config.fusion(), config.sizes(), classes);
    }

    private static ModelConfig config(String fusion, int growthRate, int features, int bnSize, Integer... blocks) {
        return new ModelConfig(
                Architecture.RESDENSENET, growthRate, List.of(blocks), features, bnSize, Fusion.of(fusion));
    }

    private static List<String> operations(ModelConfig config) {
        try (ImageClassifier model = Models.create(config, 3, 0)) {
            return Trace.of(model, model.minImageSize()).stream()
                    .filter(op -> !op.isGroup())
                    .map(Trace.Operation::type)
                    .toList();
        }
    }

    private static long count(List<String> operations, String type) {
        return operations.stream().filter(type::equals).count();
    }

    @ParameterizedTest(name = "growthRate {0}, features {1}, bnSize {2}, blocks {3}, {4} classes")
    @CsvSource({
        "32, 64, 4, 3-4-6-4, 3",
        "32, 64, 4, 3-4-6-4, 1000",
        "16, 32, 4, 3-4-6-4, 3",
        "12, 24, 4, 2-3-2, 10",
        "32, 64, 4, 6-12-24-16, 3",
        "48, 96, 4, 6-12-36-24, 3",
        "12, 20, 3, 2-2, 3",
        "16, 32, 2, 1-5, 3",
        "8, 16, 4, 2-2-2-2, 3",
        "8, 64, 4, 3-4-6-4, 3",
        "8, 8, 4, 1-1, 2",
        "24, 48, 4, 8, 5"
    })
    void parameterCountsOfAllFusionsMatch(int growthRate, int features, int bnSize, String blocks, int classes) {
        Integer[] layers =
                Arrays.stream(blocks.split("-")).map(Integer::valueOf).toArray(Integer[]::new);
        long both = widths(config("both", growthRate, features, bnSize, layers), classes)
                .parameters(classes);
        for (String fusion : FUSIONS) {
            long parameters = widths(config(fusion, growthRate, features, bnSize, layers), classes)
                    .parameters(classes);
            assertThat(parameters).as(fusion).isCloseTo(both, withinPercentage(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"both", "concat", "add", "none", "stacked"})
    void parameterCountOfWidthsMatchesNetwork(String fusion) {
        for (ModelConfig config : List.of(config(fusion, 8, 16, 4, 2, 3), config(fusion, 32, 64, 4, 3, 4, 6, 4))) {
            try (ImageClassifier model = Models.create(config, 3, 0)) {
                assertThat(model.parameterCount()).isEqualTo(widths(config, 3).parameters(3));
            }
        }
    }

    @Test
    void parameterCountsAtDefaultSizes() {
        assertThat(FUSIONS.stream()
                        .map(fusion -> widths(config(fusion, 32, 64, 4, 3, 4, 6, 4), 3))
                        .map(widths -> widths.parameters(3)))
                .containsExactly(1_986_691L, 1_986_691L, 1_968_515L, 1_968_515L, 1_984_147L);
    }

    @ParameterizedTest
    @CsvSource({"both, 17, 4", "concat, 17, 0", "add, 0, 21", "none, 0, 0", "stacked, 34, 17"})
    void fusionsHaveExpectedConcatenationsAndAdditions(String fusion, int concatenations, int additions) {
        List<String> operations = operations(config(fusion, 8, 16, 4, 3, 4, 6, 4));
        assertThat(count(operations, "cat")).isEqualTo(concatenations);
        assertThat(count(operations, "add")).isEqualTo(additions);
    }

    @Test
    void bottleneckWidthsDifferByAtMostOneMultiple() {
        for (String fusion : List.of("add", "none")) {
            Widths widths = widths(config(fusion, 32, 64, 4, 3, 4, 6, 4), 3);
            widths.stages().forEach(stage -> {
                List<Integer> layers = stage.get(0);
                assertThat(layers).isSortedAccordingTo((a, b) -> b - a).allMatch(width -> width % 16 == 0);
                assertThat(layers.get(0) - layers.get(layers.size() - 1)).isIn(0, 16);
            });
        }
    }

    @Test
    void rejectsUnmatchableSizesAndUnknownFusions() {
        assertThatThrownBy(() -> Models.create(config("add", 4, 8, 2, 1, 2), 3, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model.fusion must be both or concat for a network as small as this, got add")
                .hasMessageContaining("2% of the 3323 parameters");
        assertThatThrownBy(() -> config("sum", 4, 8, 2, 1))
                .hasMessage("model.fusion must be one of [both, concat, add, none, stacked], got sum");
    }
}
