/**
 * Training: a {@link io.github.resdensenet.train.Recipe} says what, {@link io.github.resdensenet.train.Trainer} does it
 * and leaves a run folder, an {@link io.github.resdensenet.train.Engine} computes one step.
 */
@NullMarked
package io.github.resdensenet.train;

import org.jspecify.annotations.NullMarked;
