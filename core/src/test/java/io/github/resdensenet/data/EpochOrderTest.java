package io.github.resdensenet.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
    private static final int[] ROWS = IntStream.range(100, 122).toArray();

    /** 2 rows of class 0 and 20 of class 1. */
    private static int classOf(int row) {
        return row < 102 ? 0 : 1;
    }

    private static int[] balanced(int epoch) {
        return EpochOrder.BALANCED.of(ROWS, EpochOrderTest::classOf, 3, epoch);
    }

    @Test
    void balancedEpochHasAllClassesEquallyOften() {
        int[] order = balanced(0);
        assertThat(order).hasSize(22);
        assertThat(Arrays.stream(order).filter(row -> classOf(row) == 0)).hasSize(11);
        long ofFirst = Arrays.stream(order).filter(row -> row == 100).count();
        assertThat(ofFirst).isBetween(5L, 6L); // images of a small class take turns
        assertThat(Arrays.stream(order).filter(row -> classOf(row) == 1).distinct())
                .hasSize(11);
    }

    @Test
    void balancedEpochsUseDifferentImagesOfLargeClass() {
        assertThat(balanced(1)).isEqualTo(balanced(1)).isNotEqualTo(balanced(2));
        Set<Integer> seen = new HashSet<>();
        for (int epoch = 0; epoch < 12; epoch++) {
            Arrays.stream(balanced(epoch)).forEach(seen::add);
        }
        assertThat(seen).hasSize(22);
    }

    @Test
    void repeatsCountEarlierPositionsOfSameRow() {
        assertThat(EpochOrder.BALANCED.repeats(new int[] {4, 2, 4, 4, 2})).containsExactly(0, 0, 1, 2, 1);
    }
}
