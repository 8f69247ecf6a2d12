package io.github.resdensenet.engine;

/**
 * The result of a forward and backward pass over a batch.
 *
 * @param loss mean loss of the batch
 * @param correct number of correct predictions
 */
public record Pass(double loss, int correct) {}
