package io.github.resdensenet.data;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.util.KeyedRandom;
import io.github.resdensenet.util.Parallel;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Batches of a list of samples, augmented ahead of time on the loader's own threads.
 *
 * <p>The augmentation of an image depends only on (seed, epoch, sample), so the number of threads changes nothing. The
 * threads run plain Java: a second pool of native compute threads would compete with the first.
 */
public final class DataLoader implements AutoCloseable {
    private static final long SHUFFLE = 1;
    private static final long AUGMENT = 2;

    private final PixelCache cache;
    private final List<Sample> samples;
    private final int[] rows;
    private final Part part;
    private final Compose transform;
    private final int batchSize;
    private final boolean shuffle;
    private final long seed;
    private final float[][] table;
    private final int ahead;
    private final @Nullable ExecutorService pool;
    private final Queue<FloatBuffer> free = new ConcurrentLinkedQueue<>();
    private final AtomicLong waited = new AtomicLong();

    /** Which images of a batch are loaded, as positions in the batch. */
    public interface Part {
        /** All images. */
        Part WHOLE = (epoch, images) -> new Range(0, images);

        /** The positions for a batch of some size in an epoch. */
        Range of(int epoch, int images);
    }

    /**
     * A loader over some of the cache's samples.
     *
     * @param cache the resized images of {@code samples}
     * @param samples all samples of the cache
     * @param rows indices of the samples to load, in order
     * @param transform the transforms; resizing leaves the cached images as they are
     * @param batchSize images per batch; the last batch may be smaller
     * @param shuffle whether each epoch has its own random order
     * @param seed key of order and augmentation
     * @param threads threads that work ahead; with 0 the calling thread does the work
     * @param part which images of a batch are loaded; the labels are those of the whole batch
     */
    public DataLoader(
            PixelCache cache,
            List<Sample> samples,
            int[] rows,
            Compose transform,
            int batchSize,
            boolean shuffle,
            long seed,
            int threads,
            Part part) {
        this.cache = cache;
        this.samples = List.copyOf(samples);
        this.rows = rows.clone();
        this.part = part;
        this.transform = transform;
        this.batchSize = batchSize;
        this.shuffle = shuffle;
        this.seed = seed;
        this.table = transform.normalize().table();
        this.ahead = threads;
        this.pool = threads == 0 ? null : Executors.newFixedThreadPool(threads, Parallel::daemon);
    }

    /** Batches per epoch. */
    public int batches() {
        return (rows.length + batchSize - 1) / batchSize;
    }

    /** Images per epoch. */
    public int count() {
        return rows.length;
    }

    /** Images per batch, except perhaps the last. */
    public int batchSize() {
        return batchSize;
    }

    /** The sample with an index that a batch names. */
    public Sample sample(int index) {
        return samples.get(index);
    }

    /** Seconds that the caller has waited for batches since the last call of this method. */
    public double takeSecondsWaited() {
        return waited.getAndSet(0) / 1e9;
    }

    /** The order of an epoch. */
    int[] order(int epoch) {
        if (!shuffle) {
            return rows;
        }
        int[] permutation = KeyedRandom.of(seed, SHUFFLE, epoch).permutation(rows.length);
        return Arrays.stream(permutation).map(i -> rows[i]).toArray();
    }

    /**
     * The batches of an epoch (from 0) without the first {@code done} ones; the others are the same as with them. Close each
     * batch before taking the one after the next.
     */
    public Iterable<Batch> epoch(int epoch, int done) {
        int[] order = order(epoch);
        int first = Math.min(done * batchSize, order.length);
        return () -> new Prefetcher(
                Arrays.copyOfRange(order, first, order.length),
                batchSize,
                pool,
                ahead,
                indices -> load(indices, epoch),
                waited);
    }

    private Batch load(int[] indices, int epoch) {
        FloatBuffer recycled = free.poll();
        FloatBuffer pixels = recycled != null ? recycled : Batch.allocate(batchSize, cache.size());
        float[] plane = new float[cache.size() * cache.size()];
        Range own = part.of(epoch, indices.length);
        for (int i = own.from(); i < own.to(); i++) {
            RgbImage image = transform.apply(cache.get(indices[i]), KeyedRandom.of(seed, AUGMENT, epoch, indices[i]));
            Batch.fill(image.pixels(), table, plane, pixels, (i - own.from()) * 3 * plane.length);
        }
        int[] labels =
                Arrays.stream(indices).map(i -> samples.get(i).classIndex()).toArray();
        return new Batch(pixels, indices, labels, cache.size(), () -> free.add(pixels));
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.shutdownNow();
        }
    }
}
