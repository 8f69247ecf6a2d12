package io.github.resdensenet.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyedRandomTest {
    private static final int N = 10_000;

    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.4, 1, 3})
    void betaHasMomentsOfItsDistribution(double alpha) {
        KeyedRandom random = KeyedRandom.of(11);
        double[] x =
                IntStream.range(0, N).mapToDouble(i -> random.nextBeta(alpha)).toArray();
        double mean = Arrays.stream(x).average().orElseThrow();
        double variance =
                Arrays.stream(x).map(v -> (v - 0.5) * (v - 0.5)).average().orElseThrow();
        assertThat(Arrays.stream(x)).allMatch(v -> v >= 0 && v <= 1);
        assertThat(mean).isCloseTo(0.5, within(0.02));
        assertThat(variance).isCloseTo(1 / (4 * (2 * alpha + 1)), within(0.005));
    }
}
