package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Figures against scikit-learn's, calibration against scipy's. */
class MetricsGoldenTest {
    private static final double TOLERANCE = 1e-9;

    @TestFactory
    List<DynamicTest> everyFigureIsScikitLearns() {
        return Golden.json("metrics.json")
                .get("cases")
                .valueStream()
                .map(golden -> DynamicTest.dynamicTest(golden.get("name").asString(), () -> compare(golden)))
                .toList();
    }

    private static Evaluation evaluate(JsonNode golden) {
        int classes = golden.get("classes").asInt();
        int n = golden.get("n").asInt();
        double[] u = Counter.uniform(golden.get("name").asString() + "/scores", n * classes);
        double[] v = Counter.uniform(golden.get("name").asString() + "/truth", n);
        int[] truth = new int[n];
        double[][] p = new double[n][classes];
        for (int i = 0; i < n; i++) {
            double share = (v[i] + 1) / 2;
            share = golden.get("imbalanced").asBoolean() ? share * share * share : share;
            truth[i] = (int) Math.floor(share * golden.get("occurring").asInt());
            int sum = 0;
            for (int c = 0; c < classes; c++) {
                p[i][c] = Math.floor((u[i * classes + c] + 1)
                                / 2
                                * golden.get("levels").asInt())
                        + 1
                        + (c == truth[i] ? golden.get("boost").asInt() : 0);
                sum += (int) p[i][c];
            }
            for (int c = 0; c < classes; c++) {
                p[i][c] /= sum;
            }
        }
        List<String> names =
                IntStream.range(0, classes).mapToObj(Integer::toString).toList();
        return Evaluation.of(names, truth, p, null, true);
    }

    private static void compare(JsonNode golden) {
        Evaluation e = evaluate(golden);
        JsonNode whole = golden.get("figures");
        assertThat(e.figures().stream().map(Figure::name)).containsExactlyInAnyOrderElementsOf(whole.propertyNames());
        e.figures().forEach(figure -> equal(figure, whole.get(figure.name())));
        assertThat(e.confusion().counts().stream().flatMap(List::stream).mapToDouble(Integer::doubleValue))
                .containsExactly(java.util.Arrays.stream(Golden.numbers(golden.get("confusion")))
                        .boxed()
                        .toArray(Double[]::new));
        for (int c = 0; c < e.classes().size(); c++) {
            ClassFigures figures = e.perClass().get(c);
            JsonNode one = golden.get("per_class").get(c);
            assertThat(figures.n()).isEqualTo(one.get("n").asInt());
            for (Figure figure : List.of(
                    figures.precision(),
                    figures.recall(),
                    figures.f1(),
                    figures.rocAuc(),
                    figures.averagePrecision())) {
                equal(figure, one.get(figure.name()));
            }
            List<RocCurve.Point> roc = e.rocCurves().get(c).points();
            assertThat(roc.isEmpty()).isEqualTo(one.get("roc_auc").isNull());
            if (!roc.isEmpty() && e.n() < RocCurve.MOST) {
                assertThat(area(roc)).isCloseTo(one.get("roc_auc").asDouble(), within(TOLERANCE));
            }
        }
    }

    private static void equal(Figure figure, JsonNode expected) {
        if (expected.isNull()) {
            assertThat(figure.value()).as(figure.name()).isEmpty();
            assertThat(figure.reason()).as(figure.name()).isNotEmpty();
        } else {
            assertThat(figure.orNaN()).as(figure.name()).isCloseTo(expected.asDouble(), within(TOLERANCE));
        }
        assertThat(figure.reason().isEmpty())
                .as(figure.name())
                .isEqualTo(figure.value().isPresent() && figure.ci95().isPresent());
    }

    private static double area(List<RocCurve.Point> points) {
        double area = 0;
        for (int i = 1; i < points.size(); i++) {
            RocCurve.Point a = points.get(i - 1);
            RocCurve.Point b = points.get(i);
            area += (b.falsePositiveRate() - a.falsePositiveRate()) * (a.truePositiveRate() + b.truePositiveRate()) / 2;
        }
        return area;
    }

    @Test
    void theTemperatureIsWhereTheSlopeOfTheLikelihoodIsZero() {
        for (JsonNode golden : Golden.json("temperature.json")) {
            int n = golden.get("n").asInt();
            int classes = golden.get("classes").asInt();
            double[] u = Counter.uniform(golden.get("name").asString() + "/logits", n * classes);
            double[] v = Counter.uniform(golden.get("name").asString() + "/truth", n);
            double[][] logits = new double[n][classes];
            int[] truth = new int[n];
            for (int i = 0; i < n; i++) {
                truth[i] = (int) Math.floor((v[i] + 1) / 2 * classes);
                for (int c = 0; c < classes; c++) {
                    logits[i][c] = u[i * classes + c] * golden.get("scale").asDouble()
                            + (c == truth[i] ? golden.get("boost").asDouble() : 0);
                }
            }
            Temperature fitted = Temperature.fit(logits, truth);
            assertThat(fitted.value()).isCloseTo(golden.get("temperature").asDouble(), within(TOLERANCE));
            assertThat(nll(logits, truth, Temperature.NONE))
                    .isCloseTo(golden.get("before").asDouble(), within(TOLERANCE));
            assertThat(nll(logits, truth, fitted)).isCloseTo(golden.get("after").asDouble(), within(TOLERANCE));
        }
    }

    private static double nll(double[][] logits, int[] truth, Temperature temperature) {
        return IntStream.range(0, truth.length)
                .mapToDouble(i -> -Math.log(temperature.probabilities(logits[i])[truth[i]]))
                .average()
                .orElseThrow();
    }
}
