package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.eval.Evaluation.RocCurve;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.util.Decimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private static final double[][] PROBABILITIES = {
        {0.8, 0.1, 0.1}, {0.2, 0.7, 0.1}, {0.1, 0.8, 0.1}, {0.4, 0.4, 0.2}, {0.1, 0.2, 0.7}
    };
    private static final int[] TRUTH = {0, 0, 1, 1, 1};

    private final Evaluation evaluation = Evaluation.of(outputs(), Temperature.NONE, false);

    /** The probabilities as logits, in batches of two. */
    private static ModelOutputs outputs() {
        double[][] logits = Arrays.stream(PROBABILITIES)
                .map(row -> Arrays.stream(row).map(Math::log).toArray())
                .toArray(double[][]::new);
        List<Sample> samples = IntStream.range(0, TRUTH.length)
                .mapToObj(i -> new Sample(Path.of("/p/" + i), i + ",a", TRUTH[i]))
                .toList();
        return new ModelOutputs(List.of("x", "y", "图"), samples, List.of(), logits, 0.1, 2);
    }

    private static Evaluation of(int[] truth, double[][] p, String... groups) {
        return Evaluation.of(List.of("x", "y", "z"), truth, p, groups, true);
    }

    @Test
    void confusionMatrixRowsAreTrueClassesAndTiesGoToFirstClass() {
        assertThat(evaluation.confusion().counts())
                .containsExactly(List.of(1, 1, 0), List.of(1, 1, 1), List.of(0, 0, 0));
        assertThat(evaluation.accuracy()).isEqualTo(0.4);
        assertThat(evaluation.predicted(3)).isZero();
        assertThat(outputs().accuracy()).isEqualTo(0.4);
    }

    @Test
    void lossAveragesBatchesWithSmoothingAndNllDoesNot() {
        double[] losses = new double[5];
        double nll = 0;
        for (int i = 0; i < 5; i++) {
            double[] row = PROBABILITIES[i];
            double mean = Arrays.stream(row).map(Math::log).sum() / 3;
            nll -= Math.log(row[TRUTH[i]]) / 5;
            losses[i] = -0.9 * Math.log(row[TRUTH[i]]) - 0.1 * mean;
        }
        double loss = ((losses[0] + losses[1]) / 2 + (losses[2] + losses[3]) / 2 + losses[4]) / 3;
        assertThat(outputs().loss()).isCloseTo(loss, within(1e-12));
        assertThat(evaluation.loss()).isCloseTo(loss, within(1e-12));
        assertThat(evaluation.nll()).isCloseTo(nll, within(1e-12));
        Evaluation softer = Evaluation.of(outputs(), new Temperature(2), false);
        assertThat(softer.loss()).isCloseTo(loss, within(1e-12));
        assertThat(softer.metric("nll_raw").orNaN()).isCloseTo(nll, within(1e-12));
        assertThat(softer.nll()).isNotCloseTo(nll, within(1e-3));
        assertThat(softer.probabilities().get(0).get(0))
                .isCloseTo(Math.sqrt(0.8) / (Math.sqrt(0.8) + 2 * Math.sqrt(0.1)), within(1e-12));
    }

    @Test
    void undefinedMetricsAreEmptyWithReason() {
        ClassMetrics absent = evaluation.perClass().get(2);
        assertThat(absent.n()).isZero();
        assertThat(absent.precision().orNaN()).isZero();
        assertThat(absent.rocAuc().value()).isEmpty();
        assertThat(absent.averagePrecision().reason()).isEqualTo("the class has no images");
        assertThat(absent.recall().ci95()).isEmpty();
        Evaluation one = of(new int[] {1, 1}, new double[][] {{0, 1, 0}, {0.1, 0.8, 0.1}});
        assertThat(one.metric("macro_roc_auc").value()).isEmpty();
        assertThat(one.metric("macro_roc_auc").reason()).isEqualTo("all images are of one class");
        assertThat(one.metric("quadratic_weighted_kappa").value()).isEmpty();
        assertThat(one.metric("macro_f1").orNaN()).isEqualTo(1);
        assertThat(one.metric("macro_f1").ci95()).isEmpty();
        assertThat(one.accuracyInterval()).isEqualTo(Interval.wilson(2, 2));
        assertThatThrownBy(() -> one.metric("f2")).hasMessageContaining("got f2");
    }

    @Test
    void rejectsInvalidProbabilitiesClassesAndGroups() {
        double[][] good = {{0.2, 0.3, 0.5}};
        int[] truth = {0};
        of(truth, good);
        assertRejected(truth, new double[][] {{0.2, Double.NaN, 0.5}}, "image 0 must be 0 to 1, got NaN");
        assertRejected(truth, new double[][] {{0.2, Double.POSITIVE_INFINITY, 0.5}}, "must be 0 to 1, got Infinity");
        assertRejected(truth, new double[][] {{1.2, -0.2, 0}}, "must be 0 to 1, got 1.2");
        assertRejected(truth, new double[][] {{0.2, 0.3, 0.4}}, "probabilities of image 0 must add up to 1, got 0.9");
        assertRejected(truth, new double[][] {{0.5, 0.5}}, "must have one value per class: expected 3, got 2");
        assertRejected(truth, new double[2][3], "must have one row per image: expected 1, got 2");
        assertRejected(new int[] {3}, good, "true class of image 0 must be 0 to 2, got 3");
        assertRejected(new int[] {-1}, good, "got -1");
        assertRejected(new int[0], new double[0][], "at least one image");
        assertThatThrownBy(() -> of(truth, good, "p", "q"))
                .hasMessage("groups must have one name per image: expected 1, got 2");
    }

    @Test
    void rejectsLogitsThatAreNotFinite() {
        ModelOutputs outputs = outputs();
        outputs.logits()[3][1] = Double.NaN;
        assertThatThrownBy(() -> Evaluation.of(outputs, Temperature.NONE, false))
                .hasMessage(Path.of("/p/3") + ": the model's logits must be finite numbers, got NaN");
        assertThat(outputs.loss()).isNaN();
    }

    private static void assertRejected(int[] truth, double[][] p, String reason) {
        assertThatThrownBy(() -> of(truth, p))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void aClassInFewGroupsHasAWideInterval() {
        int patients = 60;
        int images = patients - 1 + 40;
        int[] truth = new int[images];
        double[][] p = new double[images][];
        String[] groups = new String[images];
        for (int i = 0; i < images; i++) { // the last patient has all 40 images of class 2, all predicted as class 0
            int patient = Math.min(i, patients - 1);
            truth[i] = patient == patients - 1 ? 2 : patient % 2;
            p[i] = new double[3];
            p[i][truth[i] % 2] = 1;
            groups[i] = "patient " + patient;
        }
        Interval one = Interval.wilson(0, 1);
        assertThat(of(truth, p, groups).perClass().get(2).recall().ci95()).contains(one);
        assertThat(one.high()).isGreaterThan(0.7);

        p[images - 1] = new double[] {0, 0, 1}; // in the draws without the patient, the recall is undefined, not 0
        Metric recall = of(truth, p, groups).perClass().get(2).recall();
        assertThat(recall.orNaN()).isEqualTo(1 / 40.0);
        assertThat(recall.ci95()).contains(one);
    }

    @Test
    void groupsMakeIntervalsWider() {
        int n = 200;
        int[] truth = new int[n];
        double[][] p = new double[n][];
        String[] groups = new String[n];
        for (int i = 0; i < n; i++) {
            int patient = i / 10;
            truth[i] = patient % 3;
            // The predictions for a patient are all correct or all wrong.
            int predicted = patient % 4 == 0 ? (truth[i] + 1) % 3 : truth[i];
            p[i] = new double[3];
            p[i][predicted] = 1;
            groups[i] = "patient " + patient;
        }
        Evaluation alone = of(truth, p);
        Evaluation together = of(truth, p, groups);
        assertThat(together.groups()).isEqualTo(20);
        assertThat(alone.groups()).isZero();
        for (String name : List.of("accuracy", "macro_f1", "macro_roc_auc", "nll", "quadratic_weighted_kappa")) {
            assertThat(together.metric(name).orNaN())
                    .isEqualTo(alone.metric(name).orNaN());
            // Ten images per patient carry as much information as one: about sqrt(10) times as wide.
            assertThat(width(together.metric(name)) / width(alone.metric(name)))
                    .as(name)
                    .isBetween(2.3, 4.0);
        }
        assertThat(of(truth, p, groups).metrics()).isEqualTo(together.metrics());
    }

    private static double width(Metric metric) {
        Interval ci = metric.ci95().orElseThrow();
        return ci.high() - ci.low();
    }

    @Test
    void evaluatesTenThousandImagesInSeconds() {
        int n = 10_000;
        double[] u = Counter.uniform("many", n * 3);
        int[] truth = new int[n];
        double[][] p = new double[n][];
        for (int i = 0; i < n; i++) {
            truth[i] = i % 3;
            u[3 * i + truth[i]] += 0.5;
            p[i] = new Temperature(0.5).probabilities(new double[] {u[3 * i], u[3 * i + 1], u[3 * i + 2]});
        }
        Evaluation e = assertTimeout(Duration.ofSeconds(10), () -> of(truth, p));
        assertThat(e.rocCurves().get(0).points()).hasSizeBetween(50, RocCurve.MAX_POINTS + 1);
        assertThat(width(e.metric("macro_f1"))).isBetween(0.005, 0.05);
    }

    @Test
    void wilsonIntervalOfArticleResult() {
        Interval interval = Interval.wilson(284, 333);
        assertThat(interval.low()).isCloseTo(0.811, within(5e-4));
        assertThat(interval.high()).isCloseTo(0.887, within(5e-4));
        assertThat(Interval.wilson(0, 0)).isEqualTo(new Interval(0, 1));
    }

    @Test
    void textJsonAndCsvContainMetricsAndStartWithArticleLines() {
        List<String> lines = EvaluationText.lines(evaluation, "ResDenseNet", "test");
        assertThat(lines.get(0)).isEqualTo("ResDenseNet Best Test Accuracy: 40.0%");
        assertThat(lines.get(1)).startsWith("ResDenseNet Best Test Loss: ");
        assertThat(lines.get(2)).startsWith("2 of 5 correct; 95% interval ");
        Map<String, Object> json = EvaluationText.json(evaluation, "test");
        assertThat(json)
                .containsKeys("split", "n", "accuracy", "loss", "nll", "classes", "confusion", "per_class", "macro_f1");
        assertThat(json.keySet()).allSatisfy(key -> {
            if (key.endsWith("_ci95")) {
                assertThat(json).containsKey(key.substring(0, key.length() - 5));
            }
        });
        assertThat(json).containsKeys("accuracy_ci95", "loss_ci95", "nll_ci95", "macro_f1_ci95", "ece_raw_ci95");
        assertThat(EvaluationText.csv(evaluation).lines().toList())
                .startsWith("path,truth,predicted,p_x,p_y,p_图")
                .element(2)
                .asString()
                .startsWith("\"1,a\",x,y," + evaluation.probabilities().get(1).get(0) + ",");
    }

    @Test
    void findsSmallestThresholdThatReachesPrecision() {
        double[] confidence = {0.55, 0.6, 0.7, 0.8, 0.9};
        int[] truth = {0, 1, 0, 1, 0}; // all predictions are 0
        double[][] p = Arrays.stream(confidence)
                .mapToObj(c -> new double[] {c, 1 - c, 0})
                .toArray(double[][]::new);
        Evaluation e = of(truth, p);
        Abstention all = Abstention.reaching(e, 0.6).orElseThrow();
        assertThat(all.threshold()).isZero();
        assertThat(all.chosen()).isEqualTo(new Abstention.Coverage(5, 5, 3));
        Abstention some = Abstention.reaching(e, 2 / 3.0).orElseThrow();
        assertThat(some.threshold()).isEqualTo(0.7);
        assertThat(some.chosen()).isEqualTo(new Abstention.Coverage(5, 3, 2));
        assertThat(some.on(e)).isEqualTo(some.chosen());
        assertThat(Abstention.reaching(e, 0.95).orElseThrow().threshold()).isEqualTo(0.9);
        assertThat(Abstention.reaching(of(new int[] {1, 1, 1, 1, 1}, p), 0.1)).isEmpty();
        double[][] equal = {p[0], p[0], p[0], p[0], p[0]}; // equal confidence
        assertThat(Abstention.reaching(of(truth, equal), 0.95)).isEmpty();
        int[] labels = new int[300];
        double[][] sure = new double[300][];
        for (int i = 0; i < 300; i++) {
            labels[i] = i < 243 ? 0 : 1;
            sure[i] = new double[] {1, 0, 0};
        }
        assertThat(Abstention.reaching(of(labels, sure), 0.81)).isPresent(); // 0.81 * 300 is above 243 in double
        assertThatThrownBy(() -> Abstention.reaching(e, 0))
                .hasMessageContaining("precision must be above 0 and at most 1, got 0.0");
    }

    @Test
    void fittedTemperatureStaysInRange() {
        double[][] logits = {{2, 0, 0}, {0, 3, 0}};
        assertThat(Temperature.fit(logits, new int[] {0, 1}).value()).isEqualTo(Temperature.MIN);
        assertThat(Temperature.fit(logits, new int[] {1, 2}).value()).isEqualTo(Temperature.MAX);
        assertThat(Temperature.fit(new double[][] {{1, 1}}, new int[] {0})).isEqualTo(Temperature.NONE);
        assertThat(Temperature.fit(new double[0][], new int[0])).isEqualTo(Temperature.NONE);
        assertThat(new Temperature(Temperature.MIN).isAtBound()).isTrue();
        assertThatThrownBy(() -> new Temperature(0)).hasMessageContaining("positive number, got 0.0");
        assertThatThrownBy(() -> new Temperature(Double.NaN)).hasMessageContaining("NaN");
    }

    @Test
    void roundsLikePython() {
        assertThat(Decimal.fixed(0.25, 1)).isEqualTo("0.2"); // half to even
        assertThat(Decimal.fixed(2.675, 2)).isEqualTo("2.67"); // the binary value is below the half
        assertThat(Decimal.percent(0.853)).isEqualTo("85.3");
        assertThat(Decimal.scientific(9.755282581475769e-4)).isEqualTo("9.76E-04");
        assertThat(Decimal.fixed(Double.NaN, 3)).isEqualTo("nan");
    }
}
