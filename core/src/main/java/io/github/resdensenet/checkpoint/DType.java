package io.github.resdensenet.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The supported element types of stored tensors. The constants are named as in safetensors files. */
public enum DType {
    /** float64. */
    F64(8, ScalarType.Double),
    /** float32. */
    F32(4, ScalarType.Float),
    /** float16. */
    F16(2, ScalarType.Half),
    /** bfloat16, the upper 16 bits of a float32. */
    BF16(2, ScalarType.BFloat16),
    /** int64. */
    I64(8, ScalarType.Long),
    /** int32. */
    I32(4, ScalarType.Int),
    /** int16. */
    I16(2, ScalarType.Short),
    /** int8. */
    I8(1, ScalarType.Char),
    /** uint8. */
    U8(1, ScalarType.Byte),
    /** bool, one byte with 0 or 1. */
    BOOL(1, ScalarType.Bool);

    private final int bytes;
    private final ScalarType scalarType;

    DType(int bytes, ScalarType scalarType) {
        this.bytes = bytes;
        this.scalarType = scalarType;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    ScalarType scalarType() {
        return scalarType;
    }

    /** Whether this is a floating-point type. */
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
        throw new IllegalArgumentException(
                "unsupported tensor type " + type + ", must be one of " + Arrays.toString(values()));
    }
}
