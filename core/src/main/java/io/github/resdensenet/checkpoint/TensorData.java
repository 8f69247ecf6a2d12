package io.github.resdensenet.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A tensor in Java memory, independent of libtorch.
 *
 * @param dtype the type of the elements
 * @param shape the size of each dimension, outermost first; empty for a scalar
 * @param data the elements in row-major order, little-endian; read-only
 */
public record TensorData(DType dtype, List<Long> shape, ByteBuffer data) {
    /**
     * Creates a tensor.
     *
     * @throws IllegalArgumentException if the data do not have the number of bytes that type and shape need
     */
    public TensorData {
        shape = List.copyOf(shape);
        data = data.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (data.remaining() != elements(shape) * dtype.bytes()) {
            throw new IllegalArgumentException("a tensor " + dtype + shape + " needs " + elements(shape) * dtype.bytes()
                    + " bytes, got " + data.remaining());
        }
    }

    /** A new view of the elements that starts at the first. */
    @Override
    public ByteBuffer data() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The number of elements of a shape. */
    static long elements(List<Long> shape) {
        long n = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("negative size in shape " + shape);
            }
            n = Math.multiplyExact(n, size);
        }
        return n;
    }
}
