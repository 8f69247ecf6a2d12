package io.github.resdensenet.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ValidationTest {
    @Test
    void everyImageIsEvaluatedByOneProcess() {
        for (int n = 1; n <= 50; n++) {
            int[] rows = IntStream.range(0, n).map(i -> 3 * i).toArray();
            for (int processes = 1; processes <= 4; processes++) {
                int count = processes;
                int[] all = IntStream.range(0, processes)
                        .flatMap(rank -> Arrays.stream(Validation.part(rows, rank, count)))
                        .toArray();
                assertThat(all).isEqualTo(rows);
            }
        }
    }
}
