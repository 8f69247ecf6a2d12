/**
 * Weight files. {@link io.github.resdensenet.checkpoint.WeightFile} reads {@code .pth}, safetensors and Keras files and
 * writes {@code .pth} files. {@link io.github.resdensenet.checkpoint.Safetensors} is also the format of a run's
 * checkpoints. {@link io.github.resdensenet.checkpoint.ModelState} copies tensors between a module and a state dict.
 */
@NullMarked
package io.github.resdensenet.checkpoint;

import org.jspecify.annotations.NullMarked;
