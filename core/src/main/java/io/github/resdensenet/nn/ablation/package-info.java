/**
 * The variants of ResDenseNet that test its idea: which parts of it a network has, and the channel widths that give every
 * variant the same number of parameters. Plain arithmetic; the modules are in {@code nn}.
 */
@NullMarked
package io.github.resdensenet.nn.ablation;

import org.jspecify.annotations.NullMarked;
