package io.github.resdensenet.data;

import io.github.resdensenet.distributed.Sharding.Range;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The batches of an epoch in order. While one is in use, a pool prepares as many more as it has threads. */
final class Prefetcher implements Iterator<Batch> {
    private final int end;
    private final int batchSize;
    private final @Nullable ExecutorService pool;
    private final Function<Range, Batch> load;
    private final AtomicLong waitedNanos;
    private final Queue<Future<Batch>> pending = new ArrayDeque<>();
    private int next;

    /**
     * Starts to prepare the first batches.
     *
     * @param positions the positions of the epoch that are loaded
     * @param pool null to load each batch when it is asked for
     * @param ahead number of batches to prepare ahead
     * @param load makes the batch of a range of positions; called on the threads of the pool
     * @param waitedNanos is increased by the time that the caller waits
     */
    Prefetcher(
            Range positions,
            int batchSize,
            @Nullable ExecutorService pool,
            int ahead,
            Function<Range, Batch> load,
            AtomicLong waitedNanos) {
        this.next = positions.from();
        this.end = positions.to();
        this.batchSize = batchSize;
        this.pool = pool;
        this.load = load;
        this.waitedNanos = waitedNanos;
        for (int i = 0; i < ahead; i++) {
            submit();
        }
    }

    private void submit() {
        if (pool != null && next < end) {
            Range range = take();
            pending.add(pool.submit(() -> load.apply(range)));
        }
    }

    private Range take() {
        Range range = new Range(next, Math.min(next + batchSize, end));
        next = range.to();
        return range;
    }

    @Override
    public boolean hasNext() {
        return !pending.isEmpty() || next < end;
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        long start = System.nanoTime();
        try {
            submit();
            Future<Batch> first = pending.poll();
            return first == null ? load.apply(take()) : first.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error; // out of memory
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        } finally {
            waitedNanos.addAndGet(System.nanoTime() - start);
        }
    }
}
