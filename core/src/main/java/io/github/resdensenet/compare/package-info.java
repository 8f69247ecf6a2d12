/**
 * Comparison of several models. {@link io.github.resdensenet.compare.Comparison} trains every model with every recipe
 * and several seeds. {@link io.github.resdensenet.compare.Findings} turns predictions and timings into tables, tests
 * and text.
 */
@NullMarked
package io.github.resdensenet.compare;

import org.jspecify.annotations.NullMarked;
