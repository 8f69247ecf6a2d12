package io.github.resdensenet.distributed;

import io.github.resdensenet.util.Parallel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.StringVector;

/**
 * Which processes run. A thread of each process counts up a number in the store, so a process whose number stands still
 * has ended or is stopped.
 */
final class RollCall implements AutoCloseable {
    private static final long BEAT_MILLIS = 500;
    /** After a failed operation, a process whose number stands still for this long is lost. */
    private static final long SILENCE_MILLIS = 4_000;

    private static final long POLL_MILLIS = 100;

    private final Store store;
    private final String prefix;
    private final int rank;
    private final int size;

    /** Runs all calls of the store. One can block for ever if rank 0 is stopped. */
    private final ScheduledExecutorService calls =
            Executors.newSingleThreadScheduledExecutor(work -> Parallel.daemon("rank-beat", work));

    /**
     * Starts to count.
     *
     * @param prefix of the keys in the store
     */
    RollCall(Store store, String prefix, int rank, int size) {
        this.store = store;
        this.prefix = prefix;
        this.rank = rank;
        this.size = size;
        ScheduledFuture<?> unused = calls.scheduleWithFixedDelay(
                () -> store.add(key("beat", rank), 1), 0, BEAT_MILLIS, TimeUnit.MILLISECONDS);
    }

    private String key(String name, int number) {
        return prefix + name + "/" + number;
    }

    private <T> T call(Callable<T> work) {
        try {
            return calls.submit(work).get(3 * SILENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for another process", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the store of the processes does not answer", e);
        }
    }

    /** Adds to a number in the store, which starts at 0, and returns it. */
    private long add(String name, int number, long value) {
        return call(() -> store.add(key(name, number), value));
    }

    private boolean has(String key) {
        return call(() -> {
            try (PointerScope scope = new PointerScope()) {
                return store.check(new StringVector(prefix + key));
            }
        });
    }

    /** Waits until all processes have come to the barrier, or one of them is lost. */
    void barrier(String name, Runnable check) {
        try {
            add(name, rank, 1);
            Map<Integer, Long> beats = new HashMap<>();
            Map<Integer, Long> changed = new HashMap<>();
            for (int other = 0; other < size; other++) {
                while (!has(name + "/" + other)) {
                    check.run();
                    long now = System.nanoTime();
                    Long number = add("beat", other, 0);
                    if (!number.equals(beats.put(other, number)) || number == 0) {
                        changed.put(other, now);
                    }
                    if (now - changed.getOrDefault(other, now) > TimeUnit.MILLISECONDS.toNanos(3 * SILENCE_MILLIS)) {
                        throw new LostProcessException(names(List.of(other)), new IllegalStateException(name));
                    }
                    sleep(POLL_MILLIS);
                }
            }
        } catch (LostProcessException | CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw lost(e);
        }
    }

    /** The exception for a failed collective operation: it names the processes that are lost. */
    LostProcessException lost(RuntimeException failure) {
        List<Integer> ranks;
        try {
            ranks = silent();
        } catch (IllegalStateException e) { // the store is with rank 0, or a stopped process has locked it
            return new LostProcessException(rank == 0 ? "another process does not answer" : names(List.of(0)), failure);
        }
        return new LostProcessException(
                ranks.isEmpty() ? "the connection to another process was lost" : names(ranks), failure);
    }

    private static String names(List<Integer> ranks) {
        return ranks.size() == 1
                ? "rank " + ranks.get(0) + " does not answer"
                : "ranks " + ranks.toString().replaceAll("[\\[\\]]", "") + " do not answer";
    }

    /** The processes whose number stands still. */
    private List<Integer> silent() {
        List<Long> before = beats();
        sleep(SILENCE_MILLIS);
        List<Long> after = beats();
        List<Integer> silent = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            if (i != rank && before.get(i).equals(after.get(i))) {
                silent.add(i);
            }
        }
        return silent;
    }

    private List<Long> beats() {
        return IntStream.range(0, size).mapToObj(i -> add("beat", i, 0)).toList();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for another process", e);
        }
    }

    @Override
    public void close() {
        calls.shutdownNow();
        try {
            boolean unused = calls.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
