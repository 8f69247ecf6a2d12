package io.github.resdensenet.data;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.Parallel;
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
 * Decoded and resized images, stored as bytes. Small data sets are kept in memory, others in a temporary file.
 *
 * <p>The operating system caches the temporary file while memory is free, and drops it from the cache when memory is
 * needed elsewhere.
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
     * Decodes and resizes all samples.
     *
     * @param threads number of decoding threads
     * @param progress receives the number of images done, on the calling thread
     * @throws UnreadableImages if any image cannot be read; the message names all of them
     */
    public static PixelCache of(List<Sample> samples, Preprocessing preprocessing, int threads, IntConsumer progress)
            throws IOException {
        PixelCache cache = ofReadable(samples, preprocessing, threads, progress);
        cache.requireAll();
        return cache;
    }

    /** Decodes and resizes all readable samples. {@link #faults} lists the others. */
    public static PixelCache ofReadable(
            List<Sample> samples, Preprocessing preprocessing, int threads, IntConsumer progress) throws IOException {
        long memoryBytes = Math.min(IN_MEMORY, Runtime.getRuntime().maxMemory() / 4);
        return ofReadable(samples, preprocessing, threads, progress, memoryBytes);
    }

    static PixelCache ofReadable(
            List<Sample> samples, Preprocessing preprocessing, int threads, IntConsumer progress, long memoryBytes)
            throws IOException {
        PixelCache cache = empty(samples.size(), preprocessing.imageSize(), memoryBytes);
        try {
            List<Optional<ImageException>> faults =
                    Parallel.map(samples.size(), threads, i -> cache.fill(i, samples.get(i), preprocessing), progress);
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

    /** The error of each sample that could not be read, by sample index. */
    public Map<Integer, ImageException> faults() {
        return Collections.unmodifiableMap(faults);
    }

    /**
     * Closes the cache if some samples could not be read.
     *
     * @throws UnreadableImages if any sample could not be read; the message names all of them
     */
    public void requireAll() throws IOException {
        if (!faults.isEmpty()) {
            close();
            throw new UnreadableImages(List.copyOf(faults.values()));
        }
    }

    /** The readable images, with consecutive indices. Closing either cache closes both. */
    public PixelCache readable() {
        int[] readable =
                Arrays.stream(slots).filter(slot -> !faults.containsKey(slot)).toArray();
        return new PixelCache(size, readable, memory, file);
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

    private Optional<ImageException> fill(int index, Sample sample, Preprocessing preprocessing) throws IOException {
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

    /** The resized image with an index. In a cache from {@link #readable}, indices count the readable images only. */
    public RgbImage get(int index) {
        byte[] pixels = memory == null ? null : memory[slots[index]];
        if (pixels == null) {
            pixels = read(slots[index]);
        }
        return new RgbImage(size, size, pixels);
    }

    private byte[] read(int index) {
        if (file == null) {
            throw new IllegalStateException("image " + index + " could not be read");
        }
        try {
            ByteBuffer bytes = ByteBuffer.allocate(3 * size * size);
            long start = (long) index * bytes.capacity();
            while (bytes.hasRemaining()) {
                if (file.read(bytes, start + bytes.position()) < 0) {
                    throw new IOException("the temporary file of the pixel cache is truncated");
                }
            }
            return bytes.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Height and width of the images in pixels. */
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
