package io.github.resdensenet.data;

import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.KeyedRandom;
import io.github.resdensenet.transforms.RgbImage;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Batches of a list of samples, augmented on the loader's own threads ahead of the one that computes.
 *
 * <p>The random changes of an image depend on (seed, epoch, sample) alone, so the number of threads changes nothing. The
 * threads run plain Java: a second pool of native compute threads would starve the first.
 */
public final class DataLoader implements AutoCloseable {
    private static final long SHUFFLE = 1;
    private static final long AUGMENT = 2;

    private final PixelCache cache;
    private final List<ImageSample> samples;
    private final int[] rows;
    private final Compose transform;
    private final int batchSize;
    private final boolean shuffle;
    private final long seed;
    private final float[][] table;
    private final int ahead;
    private final @Nullable ExecutorService pool;
    private final Queue<FloatBuffer> free = new ConcurrentLinkedQueue<>();
    private long waitedNanos;

    /**
     * A loader over some rows of the cache's samples.
     *
     * @param cache the resized pictures of {@code samples}
     * @param samples all the samples of the cache
     * @param rows the indices of those to deal out, in order
     * @param transform the steps after decoding; its resize finds its work done
     * @param batchSize images a batch; the last one may be smaller
     * @param shuffle whether each epoch has its own random order
     * @param seed key of the order and of the random changes
     * @param threads how many threads work ahead; with 0 the caller's thread does the work
     */
    public DataLoader(
            PixelCache cache,
            List<ImageSample> samples,
            int[] rows,
            Compose transform,
            int batchSize,
            boolean shuffle,
            long seed,
            int threads) {
        this.cache = cache;
        this.samples = List.copyOf(samples);
        this.rows = rows.clone();
        this.transform = transform;
        this.batchSize = batchSize;
        this.shuffle = shuffle;
        this.seed = seed;
        this.table = transform.normalize().table();
        this.ahead = threads;
        this.pool = threads == 0 ? null : Executors.newFixedThreadPool(threads, InParallel::daemon);
    }

    /** Batches in an epoch. */
    public int batches() {
        return (rows.length + batchSize - 1) / batchSize;
    }

    /** Images in an epoch. */
    public int count() {
        return rows.length;
    }

    /** Images in each batch but the last. */
    public int batchSize() {
        return batchSize;
    }

    /** The sample of an index that a batch names. */
    public ImageSample sample(int index) {
        return samples.get(index);
    }

    /** Seconds that the caller has waited for a batch since the last call of this method. */
    public double takeSecondsWaited() {
        double seconds = waitedNanos / 1e9;
        waitedNanos = 0;
        return seconds;
    }

    /** The rows of an epoch in the order in which they are dealt out. */
    int[] order(int epoch) {
        if (!shuffle) {
            return rows;
        }
        int[] permutation = KeyedRandom.of(seed, SHUFFLE, epoch).permutation(rows.length);
        return Arrays.stream(permutation).map(i -> rows[i]).toArray();
    }

    /** The batches of an epoch (the first is 0). Close each batch before taking the one after the next. */
    public Iterable<Batch> epoch(int epoch) {
        return epoch(epoch, 0);
    }

    /** The batches of an epoch after the first {@code done} ones, the same as if those had been taken. */
    public Iterable<Batch> epoch(int epoch, int done) {
        return () -> new Ahead(order(epoch), epoch, done);
    }

    /** Keeps one batch a thread, and one more, under way. */
    private final class Ahead implements Iterator<Batch> {
        private final int[] order;
        private final int epoch;
        private final Queue<Future<Batch>> coming = new ArrayDeque<>();
        private int next;

        Ahead(int[] order, int epoch, int done) {
            this.order = order;
            this.epoch = epoch;
            next = Math.min(done * batchSize, order.length);
            for (int i = 0; i < ahead; i++) {
                submit();
            }
        }

        private void submit() {
            if (pool != null && next < order.length) {
                int[] part = take();
                coming.add(pool.submit(() -> make(part, epoch)));
            }
        }

        private int[] take() {
            int[] part = Arrays.copyOfRange(order, next, Math.min(next + batchSize, order.length));
            next += part.length;
            return part;
        }

        @Override
        public boolean hasNext() {
            return !coming.isEmpty() || next < order.length;
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            long start = System.nanoTime();
            try {
                submit();
                Future<Batch> first = coming.poll();
                return first == null ? make(take(), epoch) : first.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for a batch", e);
            } finally {
                waitedNanos += System.nanoTime() - start;
            }
        }
    }

    private Batch make(int[] part, int epoch) {
        float[] plane = new float[cache.size() * cache.size()];
        FloatBuffer recycled = free.poll();
        FloatBuffer pixels = recycled != null ? recycled : Batch.allocate(batchSize, cache.size());
        int[] labels = new int[part.length];
        for (int i = 0; i < part.length; i++) {
            RgbImage image = transform.apply(cache.get(part[i]), KeyedRandom.of(seed, AUGMENT, epoch, part[i]));
            Batch.fill(image.pixels(), table, plane, pixels, i * 3 * plane.length);
            labels[i] = samples.get(part[i]).classIndex();
        }
        return new Batch(pixels, part, labels, cache.size(), () -> free.add(pixels));
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.shutdownNow();
        }
    }
}
