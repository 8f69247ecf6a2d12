/**
 * The network: modules, layers and functions, named as in PyTorch, computing on libtorch tensors.
 *
 * <p>{@link io.github.resdensenet.nn.ResDenseNet} is the article's model, {@link io.github.resdensenet.nn.DenseNet121} and
 * {@link io.github.resdensenet.nn.ResNet50V2} those that it compares with; {@link io.github.resdensenet.nn.Models} builds any
 * model from its {@link io.github.resdensenet.nn.ModelConfig}. {@link io.github.resdensenet.nn.Trace} records what a
 * forward pass did, and {@link io.github.resdensenet.nn.Summary} turns that into the layer table.
 */
@NullMarked
package io.github.resdensenet.nn;

import org.jspecify.annotations.NullMarked;
