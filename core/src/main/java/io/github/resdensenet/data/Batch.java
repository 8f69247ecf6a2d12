package io.github.resdensenet.data;

import io.github.resdensenet.image.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Normalised images with their labels: the network's input.
 *
 * @param memory the images, [N, 3, H, W] float32 in a direct buffer that the loader reuses after {@link #close}
 * @param samples index of each image in the loader's list
 * @param labels class index of each image
 * @param otherLabels class index of the image that each image is mixed with; the same as {@code labels} without mixing
 * @param lambda weight of {@code labels}, 0 to 1; the rest is the weight of {@code otherLabels}
 * @param size height and width in pixels
 * @param release called by {@link #close}
 */
@SuppressWarnings("ArrayRecordComponent") // not compared, and a copy per step would cost time
public record Batch(
        FloatBuffer memory, int[] samples, int[] labels, int[] otherLabels, double lambda, int size, Runnable release)
        implements AutoCloseable {
    /** A batch without mixing. */
    public Batch(FloatBuffer memory, int[] samples, int[] labels, int size, Runnable release) {
        this(memory, samples, labels, labels, 1, size, release);
    }

    /** A batch of square images of one size, at least one, normalised by a table of {@code table[channel][byte]}. */
    public static Batch of(List<RgbImage> images, float[][] table) {
        int size = images.get(0).width();
        FloatBuffer pixels = allocate(images.size(), size);
        float[] plane = new float[size * size];
        for (int i = 0; i < images.size(); i++) {
            Planes.fill(images.get(i).pixels(), table, plane, pixels, i * 3 * plane.length);
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

    /** The address of the images, valid until {@link #close}. */
    public Pointer pixels() {
        return new FloatPointer(memory);
    }

    /** The images as a tensor [N, 3, H, W] float32 over the batch's own memory, valid until {@link #close}. */
    public Tensor images() {
        return torch.from_blob(pixels(), samples.length, 3, size, size);
    }

    /** The number of images. */
    public int count() {
        return samples.length;
    }

    @Override
    public void close() {
        release.run();
    }
}
