/** Inference with a trained model, see {@link io.github.resdensenet.predict.Classifier}. */
@NullMarked
package io.github.resdensenet.predict;

import org.jspecify.annotations.NullMarked;
