/**
 * Optimisers, learning rate schedules and the average of the weights, with the names and results of {@code torch.optim}.
 *
 * <p>Start with {@link io.github.resdensenet.optim.Optimizer}.
 */
@NullMarked
package io.github.resdensenet.optim;

import org.jspecify.annotations.NullMarked;
