package io.github.resdensenet.data;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.image.ImageMemoryException;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Decoded and resized images, stored as bytes. Small data sets are kept in memory, others in a temporary file.
 *
 * <p>The operating system caches the temporary file while memory is free, and drops it from the cache when memory is
 * needed elsewhere.
 *
 * <p>{@link #get} may be called by several threads at the same time. Do not change the pixels that it returns.
 */
public final class PixelCache implements AutoCloseable {
    private static final long IN_MEMORY = 64L << 20;

    private final int[] slots;
    private final Images images;
    private final @Nullable FileChannel file;
    private final ReentrantReadWriteLock reading = new ReentrantReadWriteLock();
    private final Map<Integer, ImageException> faults = new TreeMap<>();

    /**
     * Where the images are: in memory, or in the temporary file.
     *
     * @param memory the images in memory, by sample index
     * @param left bytes of memory that are left for images
     * @param places where the other images start in the file, by sample index
     * @param end end of the file
     */
    private record Images(
            @Nullable RgbImage[] memory,
            AtomicLong left,
            @Nullable Place[] places,
            AtomicLong end) {}

    private record Place(long start, int width, int height) {}

    private PixelCache(int[] slots, Images images, @Nullable FileChannel file) {
        this.slots = slots;
        this.images = images;
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
        boolean upright = preprocessing.upright();
        long needed = 3L * preprocessing.imageSize() * preprocessing.imageSize() * samples.size();
        return ofReadable(
                samples,
                path -> preprocessing.input(ImageDecoder.decode(path, upright)),
                needed <= memoryBytes ? empty(samples.size(), needed, null) : withFile(samples.size(), 0, needed),
                threads,
                progress);
    }

    /**
     * Decodes all samples for random crops, see {@link Preprocessing#forCrops}.
     *
     * @throws UnreadableImages if any image cannot be read; the message names all of them
     */
    public static PixelCache forCrops(
            List<Sample> samples, Preprocessing preprocessing, int threads, IntConsumer progress) throws IOException {
        long memoryBytes = Math.min(IN_MEMORY, Runtime.getRuntime().maxMemory() / 4);
        boolean upright = preprocessing.upright();
        long atLeast = 3L * preprocessing.imageSize() * preprocessing.imageSize() * samples.size();
        PixelCache cache = ofReadable(
                samples,
                path -> preprocessing.forCrops(ImageDecoder.decode(path, upright)),
                withFile(samples.size(), memoryBytes, atLeast - memoryBytes),
                threads,
                progress);
        cache.requireAll();
        return cache;
    }

    private interface Reader {
        RgbImage read(Path file) throws IOException;
    }

    private static PixelCache ofReadable(
            List<Sample> samples, Reader reader, PixelCache cache, int threads, IntConsumer progress)
            throws IOException {
        try {
            List<Optional<ImageException>> faults =
                    Parallel.map(samples.size(), threads, i -> cache.fill(i, samples.get(i), reader), progress);
            for (int i = 0; i < faults.size(); i++) {
                int index = i;
                faults.get(i).ifPresent(fault -> cache.faults.put(index, fault));
            }
        } catch (IOException | RuntimeException | Error e) {
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
        return new PixelCache(readable, images, file);
    }

    /** A cache that keeps what does not fit in memory in a file, of which it needs a number of bytes and maybe more. */
    private static PixelCache withFile(int count, long memoryBytes, long fileBytes) throws IOException {
        Path temporary = Files.createTempFile("resdensenet-", ".pixels");
        long usable = Files.getFileStore(temporary).getUsableSpace();
        FileChannel file = FileChannel.open(
                temporary, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        if (usable < fileBytes) {
            file.close();
            throw full("the decoded images need " + (fileBytes >> 20) + " MiB, but only " + (usable >> 20)
                    + " MiB are free");
        }
        return empty(count, memoryBytes, file);
    }

    private static PixelCache empty(int count, long memoryBytes, @Nullable FileChannel file) {
        return new PixelCache(
                IntStream.range(0, count).toArray(),
                new Images(new RgbImage[count], new AtomicLong(memoryBytes), new Place[count], new AtomicLong()),
                file);
    }

    private static IOException full(String reason) {
        return new IOException("temporary folder " + System.getProperty("java.io.tmpdir") + ": " + reason
                + "; to use another folder, set RESDENSENET_JAVA_OPTS=-Djava.io.tmpdir=FOLDER");
    }

    private Optional<ImageException> fill(int index, Sample sample, Reader reader) throws IOException {
        RgbImage image;
        try {
            image = read(sample.path(), reader);
        } catch (ImageMemoryException e) {
            throw e;
        } catch (ImageException e) {
            return Optional.of(e);
        } catch (NoSuchFileException e) {
            return Optional.of(new ImageException(sample.path(), "does not exist"));
        } catch (AccessDeniedException e) {
            return Optional.of(new ImageException(sample.path(), "permission denied"));
        } catch (FileSystemException e) {
            throw e; // not the image's fault, for example too many open files
        } catch (IOException e) {
            throw new IOException(sample.path() + ": cannot be read: " + e.getMessage(), e);
        }
        if (images.left.addAndGet(-image.pixels().length) >= 0 || file == null) {
            images.memory[index] = image;
        } else {
            long start = images.end.getAndAdd(image.pixels().length);
            images.places[index] = new Place(start, image.width(), image.height());
            write(ByteBuffer.wrap(image.pixels()), start, file);
        }
        return Optional.empty();
    }

    /** Reads an image. If there is too little memory, reads it again when no other image is being read. */
    private RgbImage read(Path path, Reader reader) throws IOException {
        reading.readLock().lock();
        try {
            return reader.read(path);
        } catch (ImageMemoryException e) {
            // again below
        } finally {
            reading.readLock().unlock();
        }
        reading.writeLock().lock();
        try {
            return reader.read(path);
        } finally {
            reading.writeLock().unlock();
        }
    }

    private static void write(ByteBuffer bytes, long start, FileChannel file) throws IOException {
        try {
            long at = start;
            while (bytes.hasRemaining()) {
                at += file.write(bytes, at);
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw full("cannot store the decoded images: " + e.getMessage());
        }
    }

    /** The image with an index. In a cache from {@link #readable}, indices count the readable images only. */
    public RgbImage get(int index) {
        RgbImage image = images.memory[slots[index]];
        return image == null ? read(slots[index]) : image;
    }

    private RgbImage read(int index) {
        Place place = images.places[index];
        if (file == null || place == null) {
            throw new IllegalStateException("image " + index + " could not be read");
        }
        try {
            ByteBuffer bytes = ByteBuffer.allocate(3 * place.width * place.height);
            while (bytes.hasRemaining()) {
                if (file.read(bytes, place.start + bytes.position()) < 0) {
                    throw new IOException("the temporary file of the pixel cache is truncated");
                }
            }
            return new RgbImage(place.width, place.height, bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
