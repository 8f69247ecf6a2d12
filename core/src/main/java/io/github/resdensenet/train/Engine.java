package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.data.Batch;
import java.io.IOException;
import java.nio.file.Path;

/** Computes training steps of a model and holds the optimiser. After every step the model's own tensors are current. */
interface Engine extends AutoCloseable {
    /**
     * What a step found before it changed the weights.
     *
     * @param loss mean loss of the batch
     * @param hits images whose largest logit is the true class's
     */
    record Step(double loss, int hits) {}

    /** Forward, loss, backward and one optimiser step. */
    Step step(Batch batch, double lr);

    /** Steps taken so far. */
    long steps();

    /** The optimiser's state. */
    Safetensors optimizerState();

    /** Takes up a saved optimiser's state. */
    void load(Safetensors optimizerState, Path source) throws IOException;

    /** The name in logs: "reference". */
    String name();

    @Override
    void close();
}
