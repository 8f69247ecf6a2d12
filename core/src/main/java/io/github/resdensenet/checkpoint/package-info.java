/**
 * What a training run leaves behind: {@link io.github.resdensenet.checkpoint.Run} is its folder, {@link
 * io.github.resdensenet.checkpoint.Checkpoint} one saved state with everything that its later use needs, {@link
 * io.github.resdensenet.checkpoint.Safetensors} the format of the weights.
 */
@NullMarked
package io.github.resdensenet.checkpoint;

import org.jspecify.annotations.NullMarked;
