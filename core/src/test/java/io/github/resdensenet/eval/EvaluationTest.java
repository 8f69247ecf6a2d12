package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.eval.ConfusionMatrix.ClassScore;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private final Evaluation evaluation = new Evaluation(
            List.of("x", "y", "图"),
            List.of(0, 0, 1, 1, 1),
            List.of(
                    List.of(0.8, 0.1, 0.1),
                    List.of(0.2, 0.7, 0.1),
                    List.of(0.1, 0.8, 0.1),
                    List.of(0.4, 0.4, 0.2),
                    List.of(0.1, 0.2, 0.7)),
            0.5,
            0.4);

    @Test
    void countsRowsByTruthAndTakesTheFirstOfEquals() {
        assertThat(evaluation.confusion().counts())
                .containsExactly(List.of(1, 1, 0), List.of(1, 1, 1), List.of(0, 0, 0));
        assertThat(evaluation.accuracy()).isEqualTo(0.4);
    }

    @Test
    void scoresEachClassAndAnAbsentOneIsZero() {
        ConfusionMatrix confusion = evaluation.confusion();
        assertThat(confusion.score(0)).isEqualTo(new ClassScore(2, 0.5, 0.5, 0.5));
        assertThat(confusion.score(1).recall()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(confusion.score(1).f1()).isCloseTo(0.4, within(1e-12));
        assertThat(confusion.score(2)).isEqualTo(new ClassScore(0, 0, 0, 0));
        assertThat(confusion.macroF1()).isCloseTo(0.3, within(1e-12));
    }

    @Test
    void wilsonIntervalOfTheArticlesResult() {
        Wilson interval = Wilson.of(284, 333);
        assertThat(interval.low()).isCloseTo(0.811, within(5e-4));
        assertThat(interval.high()).isCloseTo(0.887, within(5e-4));
        assertThat(Wilson.of(0, 0)).isEqualTo(new Wilson(0, 1));
    }

    @Test
    void printsTheArticlesTwoLinesFirst() {
        List<String> lines = EvaluationText.lines(evaluation, "ResDenseNet", "test");
        assertThat(lines.subList(0, 2))
                .containsExactly("ResDenseNet Best Test Accuracy: 40.0%", "ResDenseNet Best Test Loss: 0.5000");
        Map<String, Object> json = EvaluationText.json(evaluation, "test");
        assertThat(json.keySet())
                .containsExactly(
                        "split",
                        "n",
                        "accuracy",
                        "accuracy_ci95",
                        "loss",
                        "nll",
                        "classes",
                        "confusion",
                        "per_class",
                        "macro_f1");
    }

    @Test
    void roundsAsPythonDoes() {
        assertThat(Decimal.fixed(0.25, 1)).isEqualTo("0.2"); // half to even
        assertThat(Decimal.fixed(2.675, 2)).isEqualTo("2.67"); // the binary value is below the half
        assertThat(Decimal.percent(0.853)).isEqualTo("85.3");
        assertThat(Decimal.scientific(9.755282581475769e-4)).isEqualTo("9.76E-04");
        assertThat(Decimal.fixed(Double.NaN, 3)).isEqualTo("nan");
    }
}
