package io.github.resdensenet.data;

import io.github.resdensenet.transforms.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Images ready for the network with their labels.
 *
 * <p>The pixels lie in memory that the loader uses again after {@link #close}: [N, H, W, 3], the layout that PyTorch calls
 * channels_last.
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
     * @param pixels a direct buffer of at least N * size * size * 3 values, [N, H, W, 3]
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

    /** One image of a square picture, normalised by a table of {@code table[channel][byte]}. */
    public static Batch of(RgbImage image, float[][] table) {
        FloatBuffer pixels = allocate(1, image.width());
        fill(image.pixels(), table, pixels, 0);
        return new Batch(pixels, new int[] {0}, new int[] {0}, image.width(), () -> {});
    }

    /** Memory for images of [size, size, 3] values each. */
    public static FloatBuffer allocate(int images, int size) {
        return ByteBuffer.allocateDirect(images * size * size * 3 * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Writes an image's pixels, normalised, from position {@code at} on. */
    static void fill(byte[] image, float[][] table, FloatBuffer to, int at) {
        float[] red = table[0];
        float[] green = table[1];
        float[] blue = table[2];
        for (int i = 0; i < image.length; i += 3) {
            to.put(at + i, red[image[i] & 255]);
            to.put(at + i + 1, green[image[i + 1] & 255]);
            to.put(at + i + 2, blue[image[i + 2] & 255]);
        }
    }

    /** The images, [N, 3, H, W] float32 over the batch's own memory: valid until {@link #close}. */
    public Tensor images() {
        long n = samples.length;
        return torch.from_blob(new FloatPointer(pixels), n, size, size, 3)
                .permute(0, 3, 1, 2)
                .contiguous();
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
