package io.github.resdensenet.nn;

import io.github.resdensenet.util.Choices;

/** The number format of a trained network's activations and weights in inference. */
public enum InferencePrecision {
    /** 32 bits, as in training. */
    FP32,
    /** bfloat16: 16 bits with the exponent range of 32. */
    BF16,
    /** 8-bit integers, with scales that were measured on training images. */
    INT8;

    @Override
    public String toString() {
        return Choices.label(this);
    }
}
