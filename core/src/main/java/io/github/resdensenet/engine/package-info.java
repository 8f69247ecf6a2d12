/**
 * The fused engine: networks compiled to static plans of oneDNN primitives over memory that is allocated once. {@link
 * io.github.resdensenet.engine.FusedTraining} and {@link io.github.resdensenet.engine.Inference} are the entry points.
 * Only this package uses oneDNN.
 */
@NullMarked
package io.github.resdensenet.engine;

import org.jspecify.annotations.NullMarked;
