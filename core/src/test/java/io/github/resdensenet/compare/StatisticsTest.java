package io.github.resdensenet.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.resdensenet.eval.McNemar;
import io.github.resdensenet.testkit.Counter;
import io.github.resdensenet.testkit.Golden;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Compares the statistics with SciPy, see fixtures/compare_goldens.py. */
class StatisticsTest {
    private static final JsonNode GOLDEN = Golden.json("compare.json");

    @Test
    void meanIntervalAndTTestMatchScipy() {
        for (JsonNode expected : GOLDEN.get("means")) {
            int n = expected.get("n").asInt();
            List<Double> values = Arrays.stream(Counter.uniform("mean/" + n, n))
                    .mapToObj(u -> 0.8 + 0.1 * u)
                    .toList();
            MeanInterval interval = MeanInterval.of(values);
            assertThat(interval.mean()).isCloseTo(expected.get("mean").asDouble(), within(1e-12));
            assertThat(interval.low()).isCloseTo(expected.get("low").asDouble(), within(1e-12));
            assertThat(interval.high()).isCloseTo(expected.get("high").asDouble(), within(1e-12));
            double p = Pair.tTest(values.stream().map(v -> v - 0.8).toList());
            assertThat(p).isCloseTo(expected.get("p").asDouble(), within(1e-10));
        }
    }

    @Test
    void singleOrEqualValuesHaveNoInterval() {
        assertThat(MeanInterval.of(List.of(0.5)).isKnown()).isFalse();
        assertThat(Pair.tTest(List.of(0.01, 0.01, 0.01))).isNaN();
        assertThat(Pair.tTest(List.of(0.01))).isNaN();
    }

    @Test
    void mcNemarAndHolmCorrectionMatchScipy() {
        List<Double> p = new ArrayList<>();
        for (JsonNode expected : GOLDEN.get("mcnemar")) {
            McNemar test = new McNemar(
                    expected.get("first").asInt(), expected.get("second").asInt());
            assertThat(test.p()).isCloseTo(expected.get("p").asDouble(), within(1e-12));
            p.add(test.p());
        }
        double[] corrected =
                Pair.holm(p).stream().mapToDouble(Double::doubleValue).toArray();
        assertThat(corrected).containsExactly(Golden.numbers(GOLDEN.get("holm")), within(1e-12));
    }
}
