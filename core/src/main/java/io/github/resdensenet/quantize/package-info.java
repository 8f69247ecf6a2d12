/**
 * Post-training quantisation: {@link io.github.resdensenet.quantize.Quantizer} measures the ranges of a trained model's
 * values on training images and writes them into the run folder, so that the model can be computed in 8 bits.
 */
@NullMarked
package io.github.resdensenet.quantize;

import org.jspecify.annotations.NullMarked;
