package io.github.resdensenet.data;

import io.github.resdensenet.image.RgbImage;
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
 * Normalised images with their labels: the network's input.
 *
 * @param memory the images, [N, 3, H, W] float32 in a direct buffer that the loader reuses after {@link #close}
 * @param samples index of each image in the loader's list
 * @param labels class index of each image
 * @param size height and width in pixels
 * @param release called by {@link #close}
 */
@SuppressWarnings("ArrayRecordComponent") // not compared, and a copy per step would cost time
public record Batch(FloatBuffer memory, int[] samples, int[] labels, int size, Runnable release)
        implements AutoCloseable {
    /** A batch of square images of one size, at least one, normalised by a table of {@code table[channel][byte]}. */
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

    /** Normalises an image [H, W, 3] and writes it as three planes from position {@code at} on, by way of one plane. */
    static void fill(byte[] image, float[][] table, float[] plane, FloatBuffer to, int at) {
        for (int c = 0; c < 3; c++) {
            float[] row = table[c];
            for (int i = 0, from = c; i < plane.length; i++, from += 3) {
                plane[i] = row[image[from] & 255];
            }
            to.put(at + c * plane.length, plane);
        }
    }

    /** The address of the images, valid until {@link #close}. */
    public Pointer pixels() {
        return new FloatPointer(memory);
    }

    /** The images as a tensor [N, 3, H, W] float32 over the batch's own memory, valid until {@link #close}. */
    public Tensor images() {
        return torch.from_blob(pixels(), samples.length, 3, size, size);
    }

    /** The class indices as a tensor [N] int64. */
    public Tensor labelTensor() {
        return AbstractTensor.create(Arrays.stream(labels).asLongStream().toArray(), labels.length);
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
