package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExplainerTest {
    private static final int SIZE = 32;
    private static final RgbImage IMAGE = new RgbImage(50, 40, Counter.image("explained", 40, 50, false));

    private static Classifier classifier;
    private static Explainer explainer;

    @BeforeAll
    static void build() {
        ModelConfig config = ModelConfig.resDenseNet(8, List.of(1, 1), 8, 4);
        classifier = Classifier.of(
                Models.create(config, 2, 3), List.of("day", "夜"), new Preprocessing(SIZE, Normalize.IMAGENET));
        explainer = new Explainer(classifier);
    }

    @AfterAll
    static void close() {
        explainer.close();
    }

    @Test
    void explainsPredictionForPreprocessedImage() {
        Prediction prediction = classifier.classify(IMAGE);
        for (Method method : Method.values()) {
            Explanation e = explainer.explain(IMAGE, Request.of(method));
            assertThat(e.prediction()).isEqualTo(prediction);
            assertThat(e.targetName()).isEqualTo(prediction.className());
            assertThat(e.image().pixels())
                    .isEqualTo(new Preprocessing(SIZE, Normalize.IMAGENET)
                            .input(IMAGE)
                            .pixels());
            assertThat(e.map().width()).isEqualTo(method == Method.OCCLUSION ? 16 : 4);
        }
    }

    @Test
    void usesLastStageByDefault() {
        Explanation last = explainer.explain(IMAGE, Request.of(Method.GRADCAM));
        assertThat(last.stageName()).isEqualTo("stages.1");
        assertThat(last.map().values())
                .isEqualTo(explainer
                        .explain(IMAGE, Request.of(Method.GRADCAM).atStage(2))
                        .map()
                        .values());
        assertThat(explainer
                        .explain(IMAGE, Request.of(Method.GRADCAM).atStage(0))
                        .map()
                        .width())
                .isEqualTo(8);
    }

    @Test
    void occlusionIsDropInProbabilityUnderPatch() {
        Explanation e = explainer.explain(
                IMAGE, Request.of(Method.OCCLUSION).withPatch(8, 8).forClass("夜"));
        RgbImage hidden = new RgbImage(SIZE, SIZE, e.image().pixels().clone());
        for (int y = 8; y < 16; y++) {
            for (int x = 24; x < 32; x++) {
                for (int c = 0; c < 3; c++) {
                    hidden.pixels()[(y * SIZE + x) * 3 + c] =
                            (byte) Math.round(255 * Normalize.IMAGENET.mean().get(c));
                }
            }
        }
        double drop = e.targetProbability()
                - classifier.classify(hidden).probabilities().get(1);
        assertThat(e.map().width()).isEqualTo(4);
        assertThat(e.map().at(3, 1)).isCloseTo((float) drop, within(1e-6f));
    }

    @Test
    void rejectsInvalidRequests() {
        assertThatThrownBy(() -> explainer.check(Request.of(Method.GRADCAM).forClass("noon")))
                .hasMessage("target must be one of [day, 夜], got noon");
        assertThatThrownBy(() -> explainer.check(Request.of(Method.LAYERCAM).atStage(3)))
                .hasMessage("stage must be one of 0 stem, 1 stages.0, 2 stages.1, got 3");
        assertThatThrownBy(() -> explainer.check(Request.of(Method.OCCLUSION).withPatch(33, 1)))
                .hasMessage("patch and stride must be at most the image size 32, got 33 and 1");
        assertThatThrownBy(() -> Request.of(Method.OCCLUSION).atStage(1))
                .hasMessage("occlusion does not use a stage, got stage 1");
        assertThatThrownBy(() -> Request.of(Method.GRADCAM).withPatch(8, 0))
                .hasMessage("gradcam does not use a patch, got patch 8 and stride 0");
        assertThatThrownBy(() -> Method.of("smoothgrad"))
                .hasMessage("method must be one of [gradcam, gradcam++, layercam, occlusion], got smoothgrad");
    }

    @Test
    void curvesStartAndEndWithWholeOrHiddenImage() {
        Explanation e = explainer.explain(IMAGE, Request.of(Method.GRADCAM));
        FaithfulnessCheck check = explainer.check(e);
        double whole = e.targetProbability();
        double nothing = check.deletion().map().get(14);
        assertThat(check.deletion().map()).hasSize(15);
        assertThat(check.deletion().map().get(0)).isCloseTo(whole, within(1e-6));
        assertThat(check.insertion().map().get(14)).isCloseTo(whole, within(1e-6));
        assertThat(check.insertion().map().get(0)).isCloseTo(nothing, within(1e-6));
        assertThat(check.deletion().random())
                .hasSize(5)
                .allSatisfy(random -> assertThat(random.get(14)).isCloseTo(nothing, within(1e-6)));
        assertThat(check.correlations()).hasSize(5).allMatch(r -> r >= -1 && r <= 1);
        assertThat(explainer.check(e)).isEqualTo(check);
    }

    @Test
    void verdictFollowsFromMetrics() {
        FaithfulnessCheck.Curve fallsFast =
                new FaithfulnessCheck.Curve(List.of(1.0, 0.0, 0.0), List.of(List.of(1.0, 0.6, 0.0)));
        FaithfulnessCheck.Curve fallsSlowly =
                new FaithfulnessCheck.Curve(List.of(1.0, 0.6, 0.0), List.of(List.of(1.0, 0.6, 0.0)));
        FaithfulnessCheck.Curve rises =
                new FaithfulnessCheck.Curve(List.of(0.0, 1.0, 1.0), List.of(List.of(0.0, 0.4, 1.0)));
        assertThat(new FaithfulnessCheck("cat", true, fallsFast, rises, List.of(0.1, -0.3)).verdict())
                .isEqualTo("Faithfulness check: passed. Deletion: passed (mean probability 0.25, random orders 0.55 to"
                        + " 0.55; lower is better). Insertion: passed (mean probability 0.75, random orders 0.45 to"
                        + " 0.45; higher is better). Random weights: passed (rank correlation of the maps -0.10; below"
                        + " 0.50 required).");
        assertThat(new FaithfulnessCheck("cat", true, fallsSlowly, rises, List.of(0.1)).verdict())
                .startsWith("Faithfulness check: partly passed. Deletion: failed (mean probability 0.55, ");
        assertThat(new FaithfulnessCheck("cat", true, fallsFast, rises, List.of(0.9)).verdict())
                .startsWith("Faithfulness check: failed. ")
                .endsWith("Random weights: failed (rank correlation of the maps 0.90; below 0.50 required).");
        assertThat(new FaithfulnessCheck("cat", false, fallsFast, rises, List.of(0.0)).verdict())
                .isEqualTo("Faithfulness check: not possible. The attribution map shows no evidence for cat.");
    }

    @Test
    void overlayColoursCellsWithEvidence() {
        RgbImage black = new RgbImage(2, 2, new byte[12]);
        Explanation e = new Explanation(
                black,
                new Prediction(List.of("a"), List.of(1.0), List.of(0.0)),
                0,
                Request.of(Method.GRADCAM),
                "stem",
                new HeatMap(2, 1, new float[] {0, 5}));
        byte[] overlay = e.overlay().pixels();
        assertThat(overlay[3] & 255).isGreaterThan(150).isGreaterThan(10 * (overlay[0] & 255));
        assertThat(e.overlay(3).width()).isEqualTo(6);
        assertThat(e.greyMap()).containsExactly(0, 255, 0, 255);
        assertThat(ExplanationText.json("a.png", e, Optional.empty()))
                .containsEntry("stage_name", "stem")
                .doesNotContainKey("sanity");
    }

    @Test
    void rankCorrelationIsSpearmans() {
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 2, 4, 0}, new float[] {3, 1, 1, 7, 2}))
                .isCloseTo(3.0 / 19, within(1e-6));
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 3}, new float[] {-5, 0, 100}))
                .isEqualTo(1);
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 3}, new float[] {7, 7, 7}))
                .isZero();
    }

    @Test
    void resizingInterpolatesBetweenCellCentres() {
        HeatMap wide = new HeatMap(2, 1, new float[] {0, 1}).resized(4, 2);
        assertThat(wide.values()).containsExactly(0, 0.25f, 0.75f, 1, 0, 0.25f, 0.75f, 1);
        assertThat(new HeatMap(3, 1, new float[] {-1, 2, 4}).normalized().values())
                .containsExactly(0, 0.5f, 1);
        assertThat(new HeatMap(2, 1, new float[] {-1, 0}).normalized().values()).containsExactly(0, 0);
        assertThatThrownBy(() -> new HeatMap(1, 1, new float[] {Float.NaN}))
                .hasMessage("values of a map must be finite, got NaN");
    }
}
