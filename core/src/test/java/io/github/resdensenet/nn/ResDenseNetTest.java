package io.github.resdensenet.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.TestModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ResDenseNetTest {
    private static ResDenseNet model(int classes) {
        return (ResDenseNet) Models.create(ModelConfig.resDenseNet(), classes, 0);
    }

    @Test
    void stateDictMatchesArticle() {
        Map<String, Tensor> state = model(3).stateDict();
        JsonNode shapes = Golden.json("init.json").get("shapes");
        assertThat(state.keySet()).containsExactlyElementsOf(shapes.propertyNames());
        state.forEach((name, t) -> assertThat(t.shape()).as(name).containsExactly(Golden.integers(shapes.get(name))));
        assertThat(state).hasSize(259);
        assertThat(state.values().stream().mapToLong(Tensor::nbytes).sum()).isEqualTo(8_026_724);
    }

    @ParameterizedTest
    @CsvSource({"224, 224", "97, 130"})
    void logitsAndLossMatchPyTorch(int height, int width) {
        ResDenseNet model = model(3);
        TestModels.fill(model);
        model.train(false);
        JsonNode golden = Golden.json("forward.json").get(height + "x" + width);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor logits = model.call(TestModels.images("input/" + height + "x" + width, 2, height, width)
                    .to(torch.ScalarType.Float));
            assertThat(TestModels.values(logits)).containsExactly(Golden.numbers(golden.get("logits")), within(1e-5));
            Tensor loss =
                    torch.cross_entropy_loss(logits, AbstractTensor.create(0L, 2L), new TensorOptional(), 1, -100, 0.1);
            assertThat(loss.item_double()).isCloseTo(golden.get("loss").asDouble(), within(1e-6));
        }
    }

    @Test
    void initialWeightsMatchPyTorchForSameSeed() {
        Map<String, Tensor> parameters = model(3).namedParameters();
        JsonNode golden = Golden.json("init.json").get("state");
        for (String name : golden.propertyNames()) {
            double[] expected = Golden.numbers(golden.get(name));
            double[] ours = TestModels.digest(parameters.get(name));
            assertThat(ours).as(name).containsExactly(expected, within(1e-5 * expected[0]));
        }
    }

    @Test
    void initialWeightsHaveExpectedDistribution() {
        ResDenseNet model = (ResDenseNet) Models.create(ModelConfig.resDenseNet(), 3, 12345);
        model.walk((path, module) -> {
            if (module instanceof Conv2d conv) {
                double expected = Math.sqrt(2.0 / (conv.outChannels * conv.kernelSize * conv.kernelSize));
                double n = conv.weight.numel();
                assertThat(conv.weight.std().item_double())
                        .as(path)
                        .isCloseTo(expected, within(expected * 5 / Math.sqrt(2 * n)));
                assertThat(conv.weight.mean().item_double()).as(path).isCloseTo(0, within(5 * expected / Math.sqrt(n)));
            } else if (module instanceof Linear linear) {
                assertThat(linear.weight.std().item_double()).isCloseTo(0.01, within(0.01 * 5 / Math.sqrt(2 * 1536)));
                assertThat(linear.bias.abs().sum().item_double()).isZero();
            } else if (module instanceof BatchNorm2d bn) {
                assertThat(bn.weight.min().item_double()).isEqualTo(1);
                assertThat(bn.weight.max().item_double()).isEqualTo(1);
                assertThat(bn.bias.abs().sum().item_double()).isZero();
            }
        });
    }

    @Test
    void summaryMatchesArticle() {
        Summary summary = Summary.of(model(3), 224);
        List<String> rows = new ArrayList<>();
        summary.rows().forEach(r -> rows.add(r.layer() + " " + r.shape() + " " + r.params()));
        assertThat(rows)
                .hasSize(119)
                .containsExactlyElementsOf(Golden.text("summary.txt").lines().toList());
        assertThat(summary.params()).isEqualTo(1_986_691);
        assertThat(summary.macs()).isEqualTo(1_055_303_168);
        assertThat(summary.toString())
                .contains(
                        "     Conv2d-1         [-1, 64, 112, 112]           9,408\n",
                        "Total params: 1,986,691\n",
                        "Input size (MB): 0.57\n",
                        "Forward/backward pass size (MB): 114.32\n",
                        "Params size (MB): 7.58\n",
                        "Estimated Total Size (MB): 122.47\n");
    }

    @Test
    void printsModuleTreeAsPyTorch() {
        assertThat(model(3).toString() + "\n").isEqualTo(Golden.text("tree.txt"));
    }

    @ParameterizedTest
    @CsvSource({"12, '2', 8, 2, 29", "32, '1,1', 24, 4, 64", "7, '3,2,1,1,1', 10, 1, 70"})
    void supportsOtherSizes(int growth, String blocks, int features, int bnSize, int imageSize) {
        List<Integer> config =
                Arrays.stream(blocks.split(",")).map(Integer::valueOf).toList();
        ImageClassifier model = Models.create(ModelConfig.resDenseNet(growth, config, features, bnSize), 5, 1);
        try (PointerScope scope = new PointerScope()) {
            Tensor features4d = model.forwardFeatures(torch.zeros(2, 3, imageSize, imageSize));
            assertThat(features4d.size(1)).isEqualTo((long) features << (config.size() - 1));
            assertThat(features4d.size(2)).isEqualTo(model.featureSize(imageSize));
            assertThat(model.forwardHead(features4d).shape()).containsExactly(2, 5);
        }
    }

    @Test
    void rejectsImagesBelowMinimumSize() {
        ResDenseNet model = model(3);
        assertThat(model.minImageSize()).isEqualTo(29);
        assertThatThrownBy(() -> Summary.of(model, 28))
                .hasMessage("imageSize must be at least 29 for resdensenet, got 28");
        assertThat(Summary.of(model, 29).rows()).hasSize(119);
    }

    @Test
    void rejectsInvalidConfigurations() {
        assertThatThrownBy(() -> ModelConfig.resDenseNet(-1, List.of(1), 8, 2))
                .hasMessage("model.growthRate must be positive, got -1");
        assertThatThrownBy(() -> ModelConfig.resDenseNet(1, List.of(1, 0), 8, 2))
                .hasMessageContaining("model.blockConfig")
                .hasMessageContaining("[1, 0]");
        assertThatThrownBy(() -> Architecture.of("vgg"))
                .hasMessage("model.name must be one of [resdensenet, densenet121, resnet50v2], got vgg");
        assertThatThrownBy(() -> new ResDenseNet(0)).hasMessage("numClasses must be positive, got 0");
    }

    @Test
    void survivesScopeInWhichItWasCreated() {
        ResDenseNet model;
        try (PointerScope scope = new PointerScope()) {
            model = model(3);
        }
        System.gc();
        try (PointerScope scope = new PointerScope()) {
            assertThat(model.call(torch.zeros(2, 3, 64, 64)).shape()).containsExactly(2, 3);
        }
    }

    @Test
    void traceRecordsAllOperations() {
        List<Trace.Operation> operations = Trace.of(model(3), 64);
        List<Trace.Operation> computing =
                operations.stream().filter(op -> !op.isGroup()).toList();
        for (int i = 0; i < computing.size(); i++) {
            assertThat(computing.get(i).output()).isEqualTo(i + 1);
            assertThat(computing.get(i).inputs())
                    .allMatch(id -> id >= 0)
                    .allMatch(computing.get(i).output() > 0 ? id -> id < 200 : id -> true);
        }
        assertThat(computing.stream().filter(op -> op.type().equals("cat"))).hasSize(17);
        assertThat(computing.stream().filter(op -> op.type().equals("add"))).hasSize(4);
        assertThat(computing.stream().filter(op -> op.type().equals("Conv2d"))).hasSize(42);
        assertThat(computing.stream().filter(op -> op.type().equals("BatchNorm2d")))
                .hasSize(43);
    }
}
