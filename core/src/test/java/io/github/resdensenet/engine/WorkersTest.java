package io.github.resdensenet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.engine.Workers.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
    private static List<Runnable> tasks(int count, Runnable task) {
        return IntStream.range(0, count).mapToObj(i -> task).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void runsEveryTaskOnceAndPhasesInOrder(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int round = 0; round < 50; round++) {
                AtomicInteger done = new AtomicInteger();
                List<Integer> seen = new ArrayList<>();
                List<Phase> phases = new ArrayList<>();
                for (int phase = 0; phase < 40; phase++) {
                    phases.add(new Phase(
                            tasks(phase % 5, done::incrementAndGet),
                            tasks(2, done::incrementAndGet),
                            () -> seen.add(done.get())));
                }
                workers.run(phases);
                int total = 0;
                for (int phase = 0; phase < 40; phase++) {
                    total += phase % 5 + 2;
                    assertThat(seen.get(phase)).isEqualTo(total);
                }
            }
        }
    }

    @Test
    void slowThreadDelaysOthersByItsOwnTaskOnly() {
        List<String> threads = new ArrayList<>();
        try (Workers workers = new Workers(2)) {
            workers.run(List.of(new Phase(
                    IntStream.range(0, 8)
                            .<Runnable>mapToObj(i -> () -> {
                                if (i == 0) {
                                    sleep(300);
                                }
                                sleep(5);
                                synchronized (threads) {
                                    threads.add(Thread.currentThread().getName());
                                }
                            })
                            .toList(),
                    List.of(),
                    () -> {})));
        }
        assertThat(threads).hasSize(8);
        assertThat(threads.stream().filter("compute-0"::equals)).hasSize(1); // the other thread took the other seven
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void failureOfTaskIsThrownAndThreadsStayUsable() {
        try (Workers workers = new Workers(2)) {
            AtomicInteger later = new AtomicInteger();
            Phase failing = new Phase(
                    List.of(() -> sleep(20), () -> {
                        throw new IllegalStateException("no memory");
                    }),
                    List.of(),
                    () -> {});
            Phase next = new Phase(tasks(4, later::incrementAndGet), List.of(), () -> {});
            assertThatThrownBy(() -> workers.run(List.of(failing, next)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no memory");
            assertThat(later).hasValue(0);
            workers.run(List.of(next));
            assertThat(later).hasValue(4);
        }
    }
}
