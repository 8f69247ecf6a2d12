package io.github.resdensenet.checkpoint;

import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types of stored tensors, by their names in safetensors files. */
public enum DType {
    /** IEEE double. */
    F64(8, ScalarType.Double),
    /** IEEE single. */
    F32(4, ScalarType.Float),
    /** IEEE half. */
    F16(2, ScalarType.Half),
    /** The upper half of a single. */
    BF16(2, ScalarType.BFloat16),
    /** Signed, 64 bits. */
    I64(8, ScalarType.Long),
    /** Signed, 32 bits. */
    I32(4, ScalarType.Int),
    /** Signed, 16 bits. */
    I16(2, ScalarType.Short),
    /** Signed, 8 bits. */
    I8(1, ScalarType.Char),
    /** Unsigned, 8 bits. */
    U8(1, ScalarType.Byte),
    /** One byte, 0 or 1. */
    BOOL(1, ScalarType.Bool);

    private final int bytes;
    private final ScalarType scalarType;

    DType(int bytes, ScalarType scalarType) {
        this.bytes = bytes;
        this.scalarType = scalarType;
    }

    /** Bytes an element. */
    public int bytes() {
        return bytes;
    }

    ScalarType scalarType() {
        return scalarType;
    }

    /** Whether the type holds fractions. */
    public boolean isFloatingPoint() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    static Optional<DType> named(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    static DType of(ScalarType type) {
        for (DType candidate : values()) {
            if (candidate.scalarType.value == type.value) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("tensors of type " + type + " cannot be stored");
    }
}
