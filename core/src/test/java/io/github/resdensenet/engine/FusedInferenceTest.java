package io.github.resdensenet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ModelConfig.Architecture;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.testkit.TestModels;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FusedInferenceTest {
    private static final int CLASSES = 5;

    private static ImageClassifier model(int growthRate, int features, Integer... blocks) {
        return model(ModelConfig.resDenseNet(growthRate, List.of(blocks), features, 4));
    }

    private static ImageClassifier model(ModelConfig config) {
        ImageClassifier model = Models.create(config, CLASSES, 0);
        TestModels.fill(model); // weights and running statistics that differ from the initial ones
        model.train(false);
        return model;
    }

    private static double[] exact(ImageClassifier model, Tensor images) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            model.to(ScalarType.Double);
            Tensor logits = model.call(images.to(ScalarType.Double));
            double[] values = new double[Math.toIntExact(logits.numel())];
            new DoublePointer(logits.data_ptr()).get(values);
            return values;
        }
    }

    @ParameterizedTest(name = "growthRate {0}, {1} features, {2} images of {3} px")
    @CsvSource({"32, 64, 3, 64", "32, 64, 1, 97", "12, 24, 5, 64", "12, 20, 4, 43", "16, 32, 33, 32"})
    void logitsMatchFloat64Reference(int growthRate, int features, int n, int size) {
        compare(model(growthRate, features, 3, 2, 2), n, size);
    }

    @ParameterizedTest
    @CsvSource({"densenet121, 3, 64", "densenet121, 1, 97", "resnet50v2, 3, 64", "resnet50v2, 1, 97"})
    void logitsOfOtherArchitecturesMatchFloat64Reference(String name, int n, int size) {
        compare(model(ModelConfig.of(Architecture.of(name))), n, size);
    }

    private static void compare(ImageClassifier model, int n, int size) {
        NativeSettings.apply(2);
        try (PointerScope scope = new PointerScope();
                FusedInference inference = new FusedInference(model, size, false, 2)) {
            Tensor images = TestModels.images("inference", n, size, size).to(ScalarType.Float);
            float[] logits = inference.logits(images.data_ptr(), n);
            double[] exact = exact(model, images);
            double scale = Arrays.stream(exact).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < exact.length; i++) {
                assertThat((double) logits[i]).isCloseTo(exact[i], within(1e-5 * Math.max(1, scale)));
            }
        }
    }

    @ParameterizedTest(name = "growthRate {0}, {1} features, {2} classes, {3} px")
    @CsvSource({"32, 64, 5, 48", "8, 8, 2, 32", "12, 20, 3, 43", "8, 16, 1000, 32"})
    void logitsDoNotDependOnBatchSizeOrThreads(int growthRate, int features, int classes, int size) {
        ImageClassifier model =
                Models.create(ModelConfig.resDenseNet(growthRate, List.of(2, 2), features, 4), classes, 0);
        TestModels.fill(model);
        NativeSettings.apply(1);
        try (PointerScope scope = new PointerScope();
                FusedInference one = new FusedInference(model, size, false, 1)) {
            Tensor images = TestModels.images("company", 7, size, size).to(ScalarType.Float);
            float[] all = one.logits(images.data_ptr(), 7);
            for (int threads = 2; threads <= 5; threads++) {
                NativeSettings.apply(threads);
                try (FusedInference several = new FusedInference(model, size, false, threads)) {
                    assertThat(several.logits(images.data_ptr(), 7)).isEqualTo(all);
                    assertThat(several.logits(images.data_ptr(), 1)).isEqualTo(Arrays.copyOf(all, classes));
                }
            }
        }
    }

    @Test
    void updateUsesNewWeights() {
        NativeSettings.apply(2);
        ImageClassifier model = model(32, 64, 2, 2);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard();
                FusedInference inference = new FusedInference(model, 48, false, 2)) {
            Tensor images = TestModels.images("update", 2, 48, 48).to(ScalarType.Float);
            float[] before = inference.logits(images.data_ptr(), 2);
            model.namedParameters().forEach((name, p) -> p.mul_(new Scalar(0.9)));
            inference.update();
            float[] after = inference.logits(images.data_ptr(), 2);
            assertThat(after).isNotEqualTo(before);
            double[] exact = exact(model, images);
            for (int i = 0; i < exact.length; i++) {
                assertThat((double) after[i]).isCloseTo(exact[i], within(1e-5));
            }
        }
    }

    @Test
    void bf16LogitsAreCloseToFp32() {
        assumeTrue(FusedTraining.describe().contains("avx512"), "this processor has no bf16 kernels");
        NativeSettings.apply(2);
        ImageClassifier model = model(32, 64, 2, 2);
        try (PointerScope scope = new PointerScope();
                FusedInference fp32 = new FusedInference(model, 48, false, 2);
                FusedInference bf16 = new FusedInference(model, 48, true, 2)) {
            Tensor images = TestModels.images("half", 4, 48, 48).to(ScalarType.Float);
            float[] expected = fp32.logits(images.data_ptr(), 4);
            float[] logits = bf16.logits(images.data_ptr(), 4);
            assertThat(logits).isNotEqualTo(expected);
            for (int i = 0; i < logits.length; i++) {
                assertThat(logits[i]).isCloseTo(expected[i], within(0.05f * Math.max(1, Math.abs(expected[i]))));
            }
        }
    }
}
