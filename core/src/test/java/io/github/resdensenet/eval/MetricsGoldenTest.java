package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.eval.Evaluation.RocCurve;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Compares metrics with scikit-learn and temperature scaling with scipy. */
class MetricsGoldenTest {
    private static final double TOLERANCE = 1e-9;

    @TestFactory
    List<DynamicTest> metricsMatchScikitLearn() {
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
            double position = (v[i] + 1) / 2;
            position = golden.get("imbalanced").asBoolean() ? position * position * position : position;
            truth[i] = (int) Math.floor(position * golden.get("occurring").asInt());
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
        JsonNode overall = golden.get("figures");
        assertThat(e.metrics().stream().map(Metric::name)).containsExactlyInAnyOrderElementsOf(overall.propertyNames());
        e.metrics().forEach(metric -> equal(metric, overall.get(metric.name())));
        assertThat(e.confusion().counts().stream().flatMap(List::stream).mapToDouble(Integer::doubleValue))
                .containsExactly(java.util.Arrays.stream(Golden.numbers(golden.get("confusion")))
                        .boxed()
                        .toArray(Double[]::new));
        for (int c = 0; c < e.classes().size(); c++) {
            ClassMetrics metrics = e.perClass().get(c);
            JsonNode one = golden.get("per_class").get(c);
            assertThat(metrics.n()).isEqualTo(one.get("n").asInt());
            for (Metric metric : List.of(
                    metrics.precision(),
                    metrics.recall(),
                    metrics.f1(),
                    metrics.rocAuc(),
                    metrics.averagePrecision())) {
                equal(metric, one.get(metric.name()));
            }
            List<RocCurve.Point> roc = e.rocCurves().get(c).points();
            assertThat(roc.isEmpty()).isEqualTo(one.get("roc_auc").isNull());
            if (!roc.isEmpty() && e.n() < RocCurve.MAX_POINTS) {
                assertThat(area(roc)).isCloseTo(one.get("roc_auc").asDouble(), within(TOLERANCE));
            }
        }
    }

    private static void equal(Metric metric, JsonNode expected) {
        if (expected.isNull()) {
            assertThat(metric.value()).as(metric.name()).isEmpty();
            assertThat(metric.reason()).as(metric.name()).isNotEmpty();
        } else {
            assertThat(metric.orNaN()).as(metric.name()).isCloseTo(expected.asDouble(), within(TOLERANCE));
        }
        assertThat(metric.reason().isEmpty())
                .as(metric.name())
                .isEqualTo(metric.value().isPresent() && metric.ci95().isPresent());
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
    void fittedTemperatureMatchesScipy() {
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
