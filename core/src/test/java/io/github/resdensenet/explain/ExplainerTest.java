package io.github.resdensenet.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.RgbImage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExplainerTest {
    private static final int SIZE = 32;
    private static final RgbImage PICTURE = new RgbImage(50, 40, Counter.image("explained", 40, 50, false));

    private static Classifier classifier;
    private static Explainer explainer;

    @BeforeAll
    static void build() {
        ModelConfig config = new ModelConfig("resdensenet", 8, List.of(1, 1), 8, 4);
        classifier = Classifier.of(
                Models.create(config, 2, 3), List.of("day", "夜"), new Preprocessing(SIZE, Normalize.IMAGENET));
        explainer = new Explainer(classifier);
    }

    @AfterAll
    static void close() {
        explainer.close();
    }

    @Test
    void explainsTheAnswerOfTheClassifierForThePictureAsItPreparesIt() {
        Prediction prediction = classifier.classify(PICTURE);
        for (Method method : Method.values()) {
            Explanation e = explainer.explain(PICTURE, Request.of(method));
            assertThat(e.prediction()).isEqualTo(prediction);
            assertThat(e.targetName()).isEqualTo(prediction.className());
            assertThat(e.picture().pixels())
                    .isEqualTo(new Preprocessing(SIZE, Normalize.IMAGENET)
                            .resize()
                            .apply(PICTURE)
                            .pixels());
            assertThat(e.map().width()).isEqualTo(method == Method.OCCLUSION ? 16 : 4);
        }
    }

    @Test
    void takesTheLastStageUnlessAnotherIsAskedFor() {
        Explanation last = explainer.explain(PICTURE, Request.of(Method.GRADCAM));
        assertThat(last.stageName()).isEqualTo("stages.1");
        assertThat(last.map().values())
                .isEqualTo(explainer
                        .explain(PICTURE, Request.of(Method.GRADCAM).atStage(2))
                        .map()
                        .values());
        assertThat(explainer
                        .explain(PICTURE, Request.of(Method.GRADCAM).atStage(0))
                        .map()
                        .width())
                .isEqualTo(8);
    }

    @Test
    void occlusionIsTheProbabilityThatAGreyPatchCosts() {
        Explanation e = explainer.explain(
                PICTURE, Request.of(Method.OCCLUSION).withPatch(8, 8).forClass("夜"));
        RgbImage hidden = new RgbImage(SIZE, SIZE, e.picture().pixels().clone());
        for (int y = 8; y < 16; y++) {
            for (int x = 24; x < 32; x++) {
                for (int c = 0; c < 3; c++) {
                    hidden.pixels()[(y * SIZE + x) * 3 + c] =
                            (byte) Math.round(255 * Normalize.IMAGENET.mean().get(c));
                }
            }
        }
        double lost = e.targetProbability()
                - classifier.classify(hidden).probabilities().get(1);
        assertThat(e.map().width()).isEqualTo(4);
        assertThat(e.map().at(3, 1)).isCloseTo((float) lost, within(1e-6f));
    }

    @Test
    void refusesWhatTheModelDoesNotHave() {
        assertThatThrownBy(() -> explainer.check(Request.of(Method.GRADCAM).forClass("noon")))
                .hasMessage("target must be one of [day, 夜], got noon");
        assertThatThrownBy(() -> explainer.check(Request.of(Method.LAYERCAM).atStage(3)))
                .hasMessage("stage must be one of 0 stem, 1 stages.0, 2 stages.1, got 3");
        assertThatThrownBy(() -> explainer.check(Request.of(Method.OCCLUSION).withPatch(33, 1)))
                .hasMessage("patch and stride must be at most the image size 32, got 33 and 1");
        assertThatThrownBy(() -> Request.of(Method.OCCLUSION).atStage(1))
                .hasMessage("occlusion looks at no stage, got stage 1");
        assertThatThrownBy(() -> Request.of(Method.GRADCAM).withPatch(8, 0))
                .hasMessage("gradcam has no patch, got patch 8 and stride 0");
        assertThatThrownBy(() -> Method.of("smoothgrad"))
                .hasMessage("method must be one of [gradcam, gradcam++, layercam, occlusion], got smoothgrad");
    }

    @Test
    void curvesBeginAndEndWithTheWholePictureOrNothingOfIt() {
        Explanation e = explainer.explain(PICTURE, Request.of(Method.GRADCAM));
        Sanity sanity = explainer.check(e);
        double whole = e.targetProbability();
        double nothing = sanity.deletion().map().get(14);
        assertThat(sanity.deletion().map()).hasSize(15);
        assertThat(sanity.deletion().map().get(0)).isCloseTo(whole, within(1e-6));
        assertThat(sanity.insertion().map().get(14)).isCloseTo(whole, within(1e-6));
        assertThat(sanity.insertion().map().get(0)).isCloseTo(nothing, within(1e-6));
        assertThat(sanity.deletion().random())
                .hasSize(5)
                .allSatisfy(random -> assertThat(random.get(14)).isCloseTo(nothing, within(1e-6)));
        assertThat(sanity.correlations()).hasSize(5).allMatch(r -> r >= -1 && r <= 1);
        assertThat(explainer.check(e)).isEqualTo(sanity);
    }

    @Test
    void theVerdictFollowsTheNumbers() {
        Sanity.Curve fallsFast = new Sanity.Curve(List.of(1.0, 0.0, 0.0), List.of(List.of(1.0, 0.6, 0.0)));
        Sanity.Curve fallsSlowly = new Sanity.Curve(List.of(1.0, 0.6, 0.0), List.of(List.of(1.0, 0.6, 0.0)));
        Sanity.Curve rises = new Sanity.Curve(List.of(0.0, 1.0, 1.0), List.of(List.of(0.0, 0.4, 1.0)));
        assertThat(new Sanity("cat", true, fallsFast, rises, List.of(0.1, -0.3)).verdict())
                .isEqualTo("Believe it: hiding what it marks first costs more than random orders (mean probability 0.25"
                        + " against 0.55 to 0.55), showing it first brings more (0.75 against 0.45 to 0.45), random"
                        + " weights give another map (rank correlation -0.10).");
        assertThat(new Sanity("cat", true, fallsSlowly, rises, List.of(0.1)).verdict())
                .startsWith("Half believe it: hiding what it marks first costs no more than random orders");
        assertThat(new Sanity("cat", true, fallsFast, rises, List.of(0.9)).verdict())
                .startsWith("Do not believe it: ")
                .endsWith("random weights give much the same map (rank correlation 0.90).");
        assertThat(new Sanity("cat", false, fallsFast, rises, List.of(0.0)).verdict())
                .isEqualTo("Nothing to believe: no part of the picture speaks for cat.");
    }

    @Test
    void overlaysColourWhatTheMapMarks() {
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
    void ranksAreCorrelatedAsSpearmanDoes() {
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 2, 4, 0}, new float[] {3, 1, 1, 7, 2}))
                .isCloseTo(3.0 / 19, within(1e-6));
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 3}, new float[] {-5, 0, 100}))
                .isEqualTo(1);
        assertThat(RankCorrelation.spearman(new float[] {1, 2, 3}, new float[] {7, 7, 7}))
                .isZero();
    }

    @Test
    void mapsAreStretchedBetweenTheCentresOfTheirCells() {
        HeatMap wide = new HeatMap(2, 1, new float[] {0, 1}).resized(4, 2);
        assertThat(wide.values()).containsExactly(0, 0.25f, 0.75f, 1, 0, 0.25f, 0.75f, 1);
        assertThat(new HeatMap(3, 1, new float[] {-1, 2, 4}).normalized().values())
                .containsExactly(0, 0.5f, 1);
        assertThat(new HeatMap(2, 1, new float[] {-1, 0}).normalized().values()).containsExactly(0, 0);
        assertThatThrownBy(() -> new HeatMap(1, 1, new float[] {Float.NaN}))
                .hasMessage("a map's values must be finite, got NaN");
    }
}
