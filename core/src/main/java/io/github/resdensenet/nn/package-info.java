/**
 * Neural networks: modules, layers and functions on libtorch tensors, named as in PyTorch.
 *
 * <p>{@link io.github.resdensenet.nn.Models} creates the model of a {@link io.github.resdensenet.nn.ModelConfig}:
 * {@link io.github.resdensenet.nn.ResDenseNet}, the article's model, or DenseNet-121 or ResNet-50 v2, with which the
 * article compares it. {@link io.github.resdensenet.nn.Trace} records the operations of a forward pass, and {@link
 * io.github.resdensenet.nn.Summary} is the layer table.
 */
@NullMarked
package io.github.resdensenet.nn;

import org.jspecify.annotations.NullMarked;
