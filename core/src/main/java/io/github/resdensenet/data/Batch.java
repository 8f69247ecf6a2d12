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
 * @param memory the images of this process, [N, 3, H, W] float32 in a direct buffer that the loader reuses after
 *     {@link #close}. Several processes can share a batch; the other components are those of the whole batch
 * @param indices index of each image in the loader's list
 * @param labels class index of each image
 * @param otherLabels class index of the image that each image is mixed with; the same array as {@code labels} without mixing
 * @param lambda weight of {@code labels}, 0 to 1; the rest is the weight of {@code otherLabels}
 * @param size height and width in pixels
 * @param release called by {@link #close}
 */
@SuppressWarnings("ArrayRecordComponent") // not compared, and a copy per step would cost time
public record Batch(
        FloatBuffer memory, int[] indices, int[] labels, int[] otherLabels, double lambda, int size, Runnable release)
        implements AutoCloseable {
    /** A batch without mixing. */
    public Batch(FloatBuffer memory, int[] indices, int[] labels, int size, Runnable release) {
        this(memory, indices, labels, labels, 1, size, release);
    }

    /**
     * A batch for prediction, with all labels 0.
     *
     * @param images at least one image; all are square and of one size
     * @param table the normalised value of each byte, by channel
     */
    public static Batch of(List<RgbImage> images, float[][] table) {
        int size = images.get(0).width();
        FloatBuffer pixels = allocate(images.size(), size);
        float[] plane = new float[size * size];
        for (int i = 0; i < images.size(); i++) {
            Planes.fill(images.get(i).pixels(), table, plane, pixels, i * 3 * plane.length);
        }
        int[] indices = IntStream.range(0, images.size()).toArray();
        return new Batch(pixels, indices, new int[images.size()], size, () -> {});
    }

    /** The largest number of images of [3, size, size] values in a batch. */
    public static int largest(int size) {
        return Integer.MAX_VALUE / (size * size * 3 * Float.BYTES);
    }

    /** Memory for images of [3, size, size] values each. */
    public static FloatBuffer allocate(int images, int size) {
        if (images > largest(size)) {
            throw new IllegalArgumentException("a batch has at most " + largest(size) + " images of " + size + " x "
                    + size + " pixels, got " + images);
        }
        return ByteBuffer.allocateDirect(images * size * size * 3 * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** The address of the images, valid until {@link #close}. */
    public Pointer pixels() {
        return new FloatPointer(memory);
    }

    /** The images as a tensor over the same memory, valid until {@link #close}. Not if processes share the batch. */
    public Tensor images() {
        return torch.from_blob(pixels(), indices.length, 3, size, size);
    }

    /** The number of images in the whole batch. */
    public int count() {
        return indices.length;
    }

    @Override
    public void close() {
        release.run();
    }
}
