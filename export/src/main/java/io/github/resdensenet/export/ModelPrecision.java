package io.github.resdensenet.export;

import io.github.resdensenet.util.Choices;

/** The numbers that an exported network computes with. */
public enum ModelPrecision {
    /** float32, as in training. */
    FP32,

    /** 8-bit integers: faster, and about a quarter of the size. The activation ranges come from training images. */
    INT8;

    /** The lower-case name, as in commands. */
    @Override
    public String toString() {
        return Choices.label(this);
    }
}
