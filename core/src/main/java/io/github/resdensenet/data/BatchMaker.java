package io.github.resdensenet.data;

import io.github.resdensenet.data.DataLoader.Batches;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Mixing;
import io.github.resdensenet.transforms.Mixing.Mix;
import io.github.resdensenet.util.KeyedRandom;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/** Makes batches: transforms, normalises and mixes images. Several threads may make batches at the same time. */
final class BatchMaker {
    private static final long AUGMENT = 2;
    private static final long MIX = 5;

    private final PixelCache cache;
    private final List<Sample> samples;
    private final Optional<Mixing> mixing;
    private final Batches batches;
    private final Queue<FloatBuffer> free = new ConcurrentLinkedQueue<>();

    BatchMaker(PixelCache cache, List<Sample> samples, Optional<Mixing> mixing, Batches batches) {
        this.cache = cache;
        this.samples = samples;
        this.mixing = mixing;
        this.batches = batches;
    }

    /**
     * An epoch.
     *
     * @param number from 0
     * @param order the rows in order
     * @param repeats how often the row at a position has come before, see {@link EpochOrder#repeats}
     * @param transform how an image becomes the network's input
     * @param table the normalised value of every byte
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Epoch(int number, int[] order, int[] repeats, Compose transform, float[][] table) {
        Epoch(int number, int[] order, int[] repeats, Compose transform) {
            this(number, order, repeats, transform, transform.normalize().table());
        }
    }

    /** Makes the batch of the positions in a range of the epoch's order. */
    Batch make(Epoch epoch, Range range) {
        int size = epoch.transform.imageSize();
        int values = 3 * size * size;
        int most = Math.min(batches.size(), epoch.order.length);
        FloatBuffer recycled = free.poll();
        FloatBuffer pixels =
                recycled != null && recycled.capacity() >= most * values ? recycled : Batch.allocate(most, size);
        Range own = batches.selection().of(epoch.number, range.size());
        for (int i = own.from(); i < own.to(); i++) {
            fill(epoch, range.from() + i, pixels, (i - own.from()) * values);
        }
        int[] indices = Arrays.copyOfRange(epoch.order, range.from(), range.to());
        int[] labels =
                Arrays.stream(indices).map(i -> samples.get(i).classIndex()).toArray();
        int n = range.size();
        if (mixing.isEmpty()) {
            return new Batch(pixels, indices, labels, size, releasing(pixels));
        }
        Mix mix = mixing.get().sample(KeyedRandom.of(batches.seed(), MIX, epoch.number, range.from()), size, size);
        if (own.size() > 0) {
            FloatBuffer before = FloatBuffer.allocate(values);
            fill(epoch, range.from() + (own.from() + n - 1) % n, before, 0);
            new Mixer(size).mix(pixels, own.size(), before.array(), mix);
        }
        int[] others = IntStream.range(0, n).map(i -> labels[(i + n - 1) % n]).toArray();
        return new Batch(pixels, indices, labels, others, mix.lambda(), size, releasing(pixels));
    }

    /** Gives a buffer back for a later batch, once, however often the batch is closed. */
    private Runnable releasing(FloatBuffer pixels) {
        AtomicBoolean released = new AtomicBoolean();
        return () -> {
            if (released.compareAndSet(false, true)) {
                free.add(pixels);
            }
        };
    }

    /** Transforms and normalises the image at a position of the epoch, and writes it from index {@code at} on. */
    private void fill(Epoch epoch, int position, FloatBuffer pixels, int at) {
        int row = epoch.order[position];
        int repeat = epoch.repeats[position];
        KeyedRandom random = repeat == 0
                ? KeyedRandom.of(batches.seed(), AUGMENT, epoch.number, row)
                : KeyedRandom.of(batches.seed(), AUGMENT, epoch.number, row, repeat);
        RgbImage image = epoch.transform.apply(cache.get(row), random);
        int size = epoch.transform.imageSize();
        float[] plane = new float[size * size];
        Planes.fill(image.pixels(), epoch.table, plane, pixels, at);
        epoch.transform.erased(image, random).ifPresent(region -> Planes.erase(pixels, at, size, region));
    }
}
