package io.github.resdensenet.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A stored tensor, outside libtorch.
 *
 * @param dtype type of its elements
 * @param shape sizes, outermost first; empty for a scalar
 * @param data the elements, last dimension fastest, little-endian; read-only
 */
public record TensorData(DType dtype, List<Long> shape, ByteBuffer data) {
    /** Checks that there are as many bytes as the shape needs. */
    public TensorData {
        shape = List.copyOf(shape);
        data = data.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (data.remaining() != elements(shape) * dtype.bytes()) {
            throw new IllegalArgumentException("a tensor " + dtype + shape + " needs " + elements(shape) * dtype.bytes()
                    + " bytes, got " + data.remaining());
        }
    }

    /** The elements, to read from the start. */
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
