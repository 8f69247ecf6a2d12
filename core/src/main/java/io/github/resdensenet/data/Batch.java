package io.github.resdensenet.data;

import io.github.resdensenet.transforms.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Images ready for the network with their labels.
 *
 * <p>The pixels lie in memory that the loader uses again after {@link #close}, plane by plane: [N, 3, H, W].
 */
public final class Batch implements AutoCloseable {
    private final FloatBuffer pixels;
    private final int[] samples;
    private final int[] labels;
    private final int size;
    private final Runnable release;

    /**
     * Wraps filled memory.
     *
     * @param pixels a direct buffer of at least N * size * size * 3 values, [N, 3, H, W]
     * @param samples index of each image in the loader's list
     * @param labels class index of each image
     * @param size height and width in pixels
     * @param release called by {@link #close}
     */
    public Batch(FloatBuffer pixels, int[] samples, int[] labels, int size, Runnable release) {
        this.pixels = pixels;
        this.samples = samples;
        this.labels = labels;
        this.size = size;
        this.release = release;
    }

    /** Images of square pictures of one size, at least one, normalised by a table of {@code table[channel][byte]}. */
    public static Batch of(List<RgbImage> images, float[][] table) {
        int size = images.get(0).width();
        FloatBuffer pixels = allocate(images.size(), size);
        float[] plane = new float[size * size];
        for (int i = 0; i < images.size(); i++) {
            fill(images.get(i).pixels(), table, plane, pixels, i * 3 * plane.length);
        }
        int[] samples = IntStream.range(0, images.size()).toArray();
        return new Batch(pixels, samples, new int[images.size()], size, () -> {});
    }

    /** Memory for images of [3, size, size] values each. */
    public static FloatBuffer allocate(int images, int size) {
        return ByteBuffer.allocateDirect(images * size * size * 3 * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /**
     * Writes an image's pixels [H, W, 3], normalised, as three planes from position {@code at} on.
     *
     * @param values room for a plane
     */
    static void fill(byte[] image, float[][] table, float[] values, FloatBuffer to, int at) {
        int plane = values.length;
        for (int c = 0; c < 3; c++) {
            float[] row = table[c];
            for (int i = 0, from = c; i < plane; i++, from += 3) {
                values[i] = row[image[from] & 255];
            }
            to.put(at + c * plane, values);
        }
    }

    /** Where the images lie, [N, 3, H, W] float32: valid until {@link #close}. */
    public Pointer pixels() {
        return new FloatPointer(pixels);
    }

    /** The images, [N, 3, H, W] float32 over the batch's own memory: valid until {@link #close}. */
    public Tensor images() {
        return torch.from_blob(pixels(), samples.length, 3, size, size);
    }

    /** The class indices, [N] int64. */
    public Tensor labels() {
        return AbstractTensor.create(Arrays.stream(labels).asLongStream().toArray(), labels.length);
    }

    /** The shape that PyTorch prints for the images. */
    public String shape() {
        return "torch.Size([" + samples.length + ", 3, " + size + ", " + size + "])";
    }

    /** The number of images. */
    public int count() {
        return samples.length;
    }

    /** Index of image {@code i} in the loader's list. */
    public int sample(int i) {
        return samples[i];
    }

    /** Class index of image {@code i}. */
    public int label(int i) {
        return labels[i];
    }

    @Override
    public void close() {
        release.run();
    }
}
