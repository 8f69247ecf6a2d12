package io.github.resdensenet.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.util.Choices;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Properties of all architectures. */
class ModelsTest {
    static final List<String> NAMES = Choices.labels(Architecture.class);

    private static ImageClassifier model(String name) {
        return Models.create(ModelConfig.of(Architecture.of(name)), 3, 0);
    }

    @ParameterizedTest
    @CsvSource({
        "resdensenet, 3, 1986691",
        "resdensenet, 1000, 2498152",
        "densenet121, 3, 6956931",
        "densenet121, 1000, 7978856",
        "resnet50v2, 3, 23525507",
        "resnet50v2, 1000, 25568360"
    })
    void parameterCountMatchesPublishedNumber(String name, int classes, long parameters) {
        try (ImageClassifier model = Models.create(ModelConfig.of(Architecture.of(name)), classes, 0)) {
            assertThat(model.parameterCount()).isEqualTo(parameters);
            assertThat(model.numClasses()).isEqualTo(classes);
            assertThat(model.namedParameters().get(model.headName() + ".weight").size(0))
                    .isEqualTo(classes);
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void featureSizeIsCorrectForNonSquareImages(String name) {
        try (ImageClassifier model = model(name);
                PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            model.train(false);
            for (int size : new int[] {model.minImageSize(), 64, 65, 97}) {
                Tensor features = model.forwardFeatures(torch.zeros(1, 3, size, size + 32));
                assertThat(features.size(2)).as("%s at %d", name, size).isEqualTo(model.featureSize(size));
                assertThat(features.size(3)).isEqualTo(model.featureSize(size + 32));
                assertThat(model.forwardHead(features).shape()).containsExactly(1, 3);
            }
            assertThat(model.featureSize(model.minImageSize() - 1)).isZero();
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void traceHasInputsOfEveryOperation(String name) {
        try (ImageClassifier model = model(name)) {
            List<Trace.Operation> computing =
                    Trace.of(model, 64).stream().filter(op -> !op.isGroup()).toList();
            for (int i = 0; i < computing.size(); i++) {
                int output = i + 1;
                assertThat(computing.get(i).output()).isEqualTo(output);
                assertThat(computing.get(i).inputs()).allMatch(id -> id >= 0 && id < output);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void summaryCountsEveryParameterOnce(String name) {
        try (ImageClassifier model = model(name)) {
            Summary summary = Summary.of(model, 64);
            assertThat(summary.rows().stream().mapToLong(Summary.Row::params).sum())
                    .isEqualTo(summary.params())
                    .isEqualTo(model.parameterCount());
            assertThat(summary.macs()).isPositive();
        }
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void equalSeedsGiveIdenticalWeights(String name) {
        try (ImageClassifier one = model(name);
                ImageClassifier two = model(name);
                ImageClassifier other = Models.create(ModelConfig.of(Architecture.of(name)), 3, 1)) {
            String head = one.headName() + ".weight";
            assertThat(one.stateDict().get(head).equal(two.stateDict().get(head)))
                    .isTrue();
            assertThat(one.stateDict().get(head).equal(other.stateDict().get(head)))
                    .isFalse();
        }
    }

    @Test
    void onlyResDenseNetHasSizes() {
        ModelConfig fixed = ModelConfig.of(Architecture.DENSENET121);
        assertThat(fixed.title()).isEqualTo("DenseNet121");
        assertThat(ModelConfig.of(Architecture.RESNET50V2).title()).isEqualTo("ResNet50V2");
        assertThatThrownBy(() -> new ModelConfig(Architecture.RESNET50V2, 12, fixed.blockConfig(), 64, 4, Fusion.BOTH))
                .hasMessage("model.growthRate must be left at 32 for resnet50v2, only resdensenet has it, got 12");
        assertThatThrownBy(
                        () -> new ModelConfig(Architecture.DENSENET121, 32, List.of(6, 12, 24, 16), 64, 4, Fusion.BOTH))
                .hasMessageContaining("model.blockConfig must be left at [3, 4, 6, 4] for densenet121");
    }
}
