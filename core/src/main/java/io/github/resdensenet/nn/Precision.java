package io.github.resdensenet.nn;

import io.github.resdensenet.util.Choices;

/** The number format of activations, and of the weights that multiply them. */
public enum Precision {
    /** In a recipe: bf16 if the fused engine trains and the processor has bf16 instructions, otherwise fp32. */
    AUTO,
    /** 32 bits. */
    FP32,
    /** bfloat16: 16 bits with the exponent range of 32. Master weights, gradients and moments keep 32 bits. */
    BF16;

    @Override
    public String toString() {
        return Choices.label(this);
    }
}
