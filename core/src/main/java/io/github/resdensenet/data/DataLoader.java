package io.github.resdensenet.data;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Mixing;
import io.github.resdensenet.util.Parallel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Batches of a list of samples, augmented ahead of time on the loader's own threads.
 *
 * <p>The augmentation of an image depends only on (seed, epoch, sample, repetition), so the number of threads changes
 * nothing. The threads run plain Java, because native compute threads would compete with those of the engine.
 */
public final class DataLoader implements AutoCloseable {
    private final List<Sample> samples;
    private final int[] indices;
    private final IntFunction<Compose> transforms;
    private final BatchMaker maker;
    private final Batches batches;
    private final @Nullable ExecutorService pool;
    private final AtomicLong waited = new AtomicLong();

    /** Selects the images of a batch to load, as positions in the batch. */
    public interface Selection {
        /** All images. */
        Selection WHOLE = (epoch, images) -> new Range(0, images);

        /** The positions to load of a batch with {@code images} images. */
        Range of(int epoch, int images);
    }

    /**
     * How an epoch is divided into batches.
     *
     * @param size images per batch; the last batch may be smaller
     * @param order the order of the images
     * @param seed key of order, augmentation and mixing
     * @param threads threads that work ahead; with 0 the calling thread does the work
     * @param selection the images of a batch to load; the labels are those of the whole batch
     */
    public record Batches(int size, EpochOrder order, long seed, int threads, Selection selection) {
        /** Batches for evaluation: whole, in the order of the samples. */
        public static Batches inOrder(int size, int threads) {
            return new Batches(size, EpochOrder.SEQUENTIAL, 0, threads, Selection.WHOLE);
        }
    }

    /**
     * A loader for training.
     *
     * @param cache the images of {@code samples}
     * @param samples all samples of the cache
     * @param indices indices of the samples to load, in order
     * @param transforms the transforms of each epoch, from 0
     * @param mixing how the images of a batch are mixed; empty if they are not
     */
    public DataLoader(
            PixelCache cache,
            List<Sample> samples,
            int[] indices,
            IntFunction<Compose> transforms,
            Optional<Mixing> mixing,
            Batches batches) {
        this.samples = List.copyOf(samples);
        this.indices = indices.clone();
        this.transforms = transforms;
        this.batches = batches;
        this.maker = new BatchMaker(cache, this.samples, mixing, batches);
        int threads = batches.threads();
        this.pool = threads == 0 ? null : Executors.newFixedThreadPool(threads, Parallel::daemon);
    }

    /** A loader with the same transform in every epoch, without mixing. */
    public DataLoader(PixelCache cache, List<Sample> samples, int[] indices, Compose transform, Batches batches) {
        this(cache, samples, indices, epoch -> transform, Optional.empty(), batches);
    }

    /** Batches per epoch. */
    public int batches() {
        return (indices.length + batches.size() - 1) / batches.size();
    }

    /** Images per epoch. */
    public int count() {
        return indices.length;
    }

    /** Images per batch, except perhaps the last. */
    public int batchSize() {
        return batches.size();
    }

    /** The sample with an index from {@link Batch#indices}. */
    public Sample sample(int index) {
        return samples.get(index);
    }

    /** Seconds that the caller has waited for batches since the last call of this method. */
    public double takeSecondsWaited() {
        return waited.getAndSet(0) / 1e9;
    }

    /** The order of an epoch. */
    int[] order(int epoch) {
        return batches.order().of(indices, i -> samples.get(i).classIndex(), batches.seed(), epoch);
    }

    /**
     * The batches of an epoch (from 0), without the first {@code done} ones. Close each batch after use, so that its
     * memory is used again.
     */
    public Iterable<Batch> epoch(int epoch, int done) {
        int[] order = order(epoch);
        int[] repeats = batches.order().repeats(order);
        BatchMaker.Epoch started = new BatchMaker.Epoch(epoch, order, repeats, transforms.apply(epoch));
        int first = Math.min(done * batches.size(), order.length);
        return () -> new Prefetcher(
                new Range(first, order.length),
                batches.size(),
                pool,
                batches.threads(),
                range -> maker.make(started, range),
                waited);
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.shutdownNow();
        }
    }
}
