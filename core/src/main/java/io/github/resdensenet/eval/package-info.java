/**
 * Evaluation of models.
 *
 * <p>{@link io.github.resdensenet.eval.ModelOutputs} contains the outputs of a model for a list of images. {@link
 * io.github.resdensenet.eval.Evaluation} computes all metrics from the outputs. {@link
 * io.github.resdensenet.eval.RunEvaluator} evaluates the best checkpoint of a run.
 */
@NullMarked
package io.github.resdensenet.eval;

import org.jspecify.annotations.NullMarked;
