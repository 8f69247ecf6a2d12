/**
 * Training. {@link io.github.resdensenet.train.Trainer} trains a model by a {@link io.github.resdensenet.run.Recipe}
 * and writes a run folder. An {@link io.github.resdensenet.train.Engine} computes the training steps.
 */
@NullMarked
package io.github.resdensenet.train;

import org.jspecify.annotations.NullMarked;
