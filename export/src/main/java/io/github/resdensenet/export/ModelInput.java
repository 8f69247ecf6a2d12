package io.github.resdensenet.export;

import io.github.resdensenet.util.Choices;

/** The input of an exported model. */
public enum ModelInput {
    /**
     * {@code pixels}, uint8 [batch, height, width, 3]: RGB images of any size, all of one size in a batch. Resizing and
     * normalisation are part of the model.
     */
    PIXELS,

    /** {@code pixel_values}, float32 [batch, 3, S, S]: images that have been resized to S x S pixels and normalised. */
    TENSOR;

    /** The lower-case name, as in commands. */
    @Override
    public String toString() {
        return Choices.label(this);
    }
}
