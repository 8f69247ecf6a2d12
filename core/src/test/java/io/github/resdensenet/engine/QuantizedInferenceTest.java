package io.github.resdensenet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.testkit.TestModels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizedInferenceTest {
    private static final int CLASSES = 5;
    private static final int IMAGES = 12;
    private static final double LARGEST_ERROR = 0.02;

    @BeforeEach
    void needsVnni() {
        assumeTrue(OneDnn.has8BitDotProducts(), "this processor has no VNNI");
        NativeSettings.apply(2);
    }

    private static ImageClassifier model(ModelConfig config) {
        ImageClassifier model = Models.create(config, CLASSES, 0);
        TestModels.fill(model);
        model.train(false);
        return model;
    }

    private static Quantization calibrate(ImageClassifier model, Tensor images, int n, int size) {
        Calibration calibration = new Calibration(model, size);
        calibration.measure(images.data_ptr(), n);
        calibration.count(images.data_ptr(), n);
        return calibration.quantization();
    }

    /** The root mean square of the differences from float32, relative to that of the logits. */
    private static double error(ImageClassifier model, int size, Set<String> floatLayers) {
        try (PointerScope scope = new PointerScope()) {
            Tensor images = TestModels.images("quantized", IMAGES, size, size).to(ScalarType.Float);
            Quantization quantization = calibrate(model, images, IMAGES, size).withFloatLayers(floatLayers);
            try (Inference fp32 = Inference.fused(model, size, InferencePrecision.FP32, 2);
                    Inference int8 = Inference.quantized(model, size, quantization, 2)) {
                float[] exact = fp32.logits(images.data_ptr(), IMAGES);
                float[] logits = int8.logits(images.data_ptr(), IMAGES);
                double squares = 0;
                double exactSquares = 0;
                for (int i = 0; i < exact.length; i++) {
                    squares += Math.pow(logits[i] - exact[i], 2);
                    exactSquares += Math.pow(exact[i], 2);
                }
                return Math.sqrt(squares / exactSquares);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fusion.class)
    void logitsOfAllFusionsAreCloseToFloat32(Fusion fusion) {
        ModelConfig config = new ModelConfig(Architecture.RESDENSENET, 16, List.of(3, 2, 2), 32, 4, fusion);
        assertThat(error(model(config), 48, Set.of())).isLessThan(LARGEST_ERROR);
    }

    @ParameterizedTest(name = "growthRate {0}, {1} features, {2} px")
    @CsvSource({"32, 64, 64", "12, 20, 43", "7, 10, 33"})
    void anyNumberOfChannelsAndAnySizeWorks(int growthRate, int features, int size) {
        ModelConfig config = ModelConfig.resDenseNet(growthRate, List.of(2, 2), features, 4);
        assertThat(error(model(config), size, Set.of())).isLessThan(LARGEST_ERROR);
    }

    @ParameterizedTest(name = "growthRate {0}, {1} features, {2} px")
    @CsvSource({"32, 64, 64", "12, 20, 43", "7, 10, 33"})
    void rangesOfOneImageAreItsValues(int growthRate, int features, int size) {
        ImageClassifier model = model(ModelConfig.resDenseNet(growthRate, List.of(2, 2), features, 4));
        try (PointerScope scope = new PointerScope();
                Inference fp32 = Inference.fused(model, size, InferencePrecision.FP32, 2)) {
            Tensor image = TestModels.images("one image", 1, size, size).to(ScalarType.Float);
            Quantization quantization = calibrate(model, image, 1, size);
            Quantization.Range range =
                    quantization.ranges().get(Network.of(model, size).output());
            float[] logits = fp32.logits(image.data_ptr(), 1);
            assertThat(range.low()).usingComparatorWithPrecision(1e-4f).containsExactly(logits);
            assertThat(range.high()).usingComparatorWithPrecision(1e-4f).containsExactly(logits);
        }
    }

    @ParameterizedTest
    @CsvSource({"densenet121, 64", "resnet50v2, 64"})
    void logitsOfOtherArchitecturesAreCloseToFloat32(String name, int size) {
        ModelConfig config = ModelConfig.of(Architecture.of(name));
        assertThat(error(model(config), size, Set.of())).isLessThan(LARGEST_ERROR);
    }

    @Test
    void everyLayerCanHaveMoreBits() {
        ImageClassifier model = model(ModelConfig.resDenseNet(16, List.of(2, 2), 32, 4));
        List<String> layers = new Calibration(model, 48).layers();
        assertThat(layers).contains("stem.0", "stages.0.dense_layers.0.conv1", "stages.1.compress.2");
        double all = error(model, 48, Set.of());
        for (String layer : layers) {
            assertThat(error(model, 48, Set.of(layer))).as(layer).isLessThan(LARGEST_ERROR);
        }
        Set<String> everything = new HashSet<>(layers);
        assertThat(error(model, 48, everything)).isLessThan(all);
    }

    @ParameterizedTest
    @EnumSource(InferencePrecision.class)
    void logitsDoNotDependOnBatchSizeOrThreads(InferencePrecision precision) {
        assumeTrue(precision != InferencePrecision.BF16 || OneDnn.hasBf16(), "this processor has no bf16");
        ImageClassifier model = model(ModelConfig.resDenseNet(16, List.of(2, 2), 32, 4));
        NativeSettings.apply(1);
        try (PointerScope scope = new PointerScope()) {
            Tensor images = TestModels.images("company", 7, 48, 48).to(ScalarType.Float);
            Quantization quantization =
                    calibrate(model, images, 7, 48).withFloatLayers(Set.of("stages.0.dense_layers.1.conv1"));
            float[] all;
            try (Inference one = prepare(model, precision, quantization, 1)) {
                all = one.logits(images.data_ptr(), 7);
            }
            for (int threads = 2; threads <= 4; threads++) {
                NativeSettings.apply(threads);
                try (Inference several = prepare(model, precision, quantization, threads)) {
                    assertThat(several.logits(images.data_ptr(), 7)).isEqualTo(all);
                    assertThat(several.logits(images.data_ptr(), 1)).isEqualTo(Arrays.copyOf(all, CLASSES));
                }
            }
        }
    }

    private static Inference prepare(
            ImageClassifier model, InferencePrecision precision, Quantization quantization, int threads) {
        return precision == InferencePrecision.INT8
                ? Inference.quantized(model, 48, quantization, threads)
                : Inference.fused(model, 48, precision, threads);
    }

    @Test
    void constantValuesAndDeadChannelsAreKept() {
        ImageClassifier model = model(ModelConfig.resDenseNet(16, List.of(2, 2), 32, 4));
        try (PointerScope scope = new PointerScope()) {
            Tensor grey =
                    TestModels.images("grey", 1, 48, 48).to(ScalarType.Float).zero_();
            Quantization quantization = calibrate(model, grey, 1, 48);
            try (Inference fp32 = Inference.fused(model, 48, InferencePrecision.FP32, 2);
                    Inference int8 = Inference.quantized(model, 48, quantization, 2)) {
                float[] exact = fp32.logits(grey.data_ptr(), 1);
                float[] logits = int8.logits(grey.data_ptr(), 1);
                for (int c = 0; c < CLASSES; c++) {
                    assertThat((double) logits[c]).isFinite().isCloseTo(exact[c], within(0.1));
                }
            }
        }
    }

    @Test
    void rangesOfAnotherNetworkAreRejected() {
        ImageClassifier model = model(ModelConfig.resDenseNet(16, List.of(2, 2), 32, 4));
        ImageClassifier other = model(ModelConfig.resDenseNet(8, List.of(2, 2), 32, 4));
        try (PointerScope scope = new PointerScope()) {
            Tensor images = TestModels.images("other", 2, 48, 48).to(ScalarType.Float);
            Quantization quantization = calibrate(other, images, 2, 48);
            assertThatThrownBy(() -> Inference.quantized(model, 48, quantization, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must have");
            Map<Integer, Quantization.Range> none = new HashMap<>();
            assertThatThrownBy(() -> Inference.quantized(model, 48, new Quantization(none, Set.of()), 1))
                    .hasMessageContaining("got 0");
        }
    }
}
