package io.github.resdensenet.data;

import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Every picture decoded and resized once, kept as bytes: in memory when that takes little of it, else in a temporary
 * file. The system's page cache keeps the file near while there is room, and gives way when there is not.
 */
public final class PixelCache implements AutoCloseable {
    private static final long IN_MEMORY = 64L << 20;

    private final int size;
    private final int[] slots;
    private final byte @Nullable [] @Nullable [] memory;
    private final @Nullable FileChannel file;
    private final Map<Integer, ImageException> faults = new TreeMap<>();

    private PixelCache(int size, int[] slots, byte @Nullable [] @Nullable [] memory, @Nullable FileChannel file) {
        this.size = size;
        this.slots = slots;
        this.memory = memory;
        this.file = file;
    }

    /**
     * Decodes and resizes all the samples on {@code threads} threads.
     *
     * @param progress told the number of pictures done, from any thread
     * @throws BadImages if some cannot be read, naming all of them
     */
    public static PixelCache of(
            List<ImageSample> samples, Preprocessing preprocessing, int threads, IntConsumer progress)
            throws IOException {
        PixelCache cache = ofReadable(samples, preprocessing, threads, progress);
        cache.requireAll();
        return cache;
    }

    /** Decodes and resizes those of the samples that can be read; {@link #faults} has the others. */
    public static PixelCache ofReadable(
            List<ImageSample> samples, Preprocessing preprocessing, int threads, IntConsumer progress)
            throws IOException {
        long memoryBytes = Math.min(IN_MEMORY, Runtime.getRuntime().maxMemory() / 4);
        return ofReadable(samples, preprocessing, threads, progress, memoryBytes);
    }

    static PixelCache ofReadable(
            List<ImageSample> samples, Preprocessing preprocessing, int threads, IntConsumer progress, long memoryBytes)
            throws IOException {
        PixelCache cache = empty(samples.size(), preprocessing.imageSize(), memoryBytes);
        try {
            List<Optional<ImageException>> faults = InParallel.map(
                    samples.size(), threads, i -> cache.fill(i, samples.get(i), preprocessing), progress);
            for (int i = 0; i < faults.size(); i++) {
                int index = i;
                faults.get(i).ifPresent(fault -> cache.faults.put(index, fault));
            }
        } catch (IOException | RuntimeException e) {
            cache.close();
            throw e;
        }
        return cache;
    }

    /** Why samples could not be read, by their index. */
    public Map<Integer, ImageException> faults() {
        return Collections.unmodifiableMap(faults);
    }

    /**
     * Closes the cache if some samples could not be read.
     *
     * @throws BadImages naming all of them
     */
    public void requireAll() throws IOException {
        if (!faults.isEmpty()) {
            close();
            throw new BadImages(List.copyOf(faults.values()));
        }
    }

    /** The same pictures without those that could not be read, numbered anew. Closing either closes both. */
    public PixelCache readable() {
        int[] good =
                Arrays.stream(slots).filter(slot -> !faults.containsKey(slot)).toArray();
        return new PixelCache(size, good, memory, file);
    }

    private static PixelCache empty(int count, int size, long memoryBytes) throws IOException {
        int[] slots = IntStream.range(0, count).toArray();
        if (3L * size * size * count <= memoryBytes) {
            return new PixelCache(size, slots, new byte[count][], null);
        }
        Path temporary = Files.createTempFile("resdensenet-", ".pixels");
        return new PixelCache(
                size,
                slots,
                null,
                FileChannel.open(
                        temporary,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE));
    }

    private Optional<ImageException> fill(int index, ImageSample sample, Preprocessing preprocessing)
            throws IOException {
        byte[] pixels;
        try {
            pixels = preprocessing
                    .resize()
                    .apply(ImageDecoder.decode(sample.path(), preprocessing.upright()))
                    .pixels();
        } catch (ImageException e) {
            return Optional.of(e);
        } catch (IOException e) {
            return Optional.of(new ImageException(
                    sample.path(), "cannot be read: " + e.getClass().getSimpleName()));
        }
        if (memory != null) {
            memory[index] = pixels;
        } else if (file != null) {
            ByteBuffer bytes = ByteBuffer.wrap(pixels);
            long at = (long) index * pixels.length;
            while (bytes.hasRemaining()) {
                at += file.write(bytes, at);
            }
        }
        return Optional.empty();
    }

    /** The resized picture of a sample, by its index in the list that the cache was filled from. */
    public RgbImage get(int index) {
        byte[] pixels = memory == null ? null : memory[slots[index]];
        if (pixels == null) {
            pixels = read(slots[index]);
        }
        return new RgbImage(size, size, pixels);
    }

    private byte[] read(int index) {
        if (file == null) {
            throw new IllegalStateException("picture " + index + " was not read");
        }
        try {
            ByteBuffer bytes = ByteBuffer.allocate(3 * size * size);
            long start = (long) index * bytes.capacity();
            while (bytes.hasRemaining()) {
                if (file.read(bytes, start + bytes.position()) < 0) {
                    throw new IOException("the pixel cache is shorter than expected");
                }
            }
            return bytes.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Height and width of every picture in pixels. */
    public int size() {
        return size;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
