/**
 * Comparison of several models. {@link io.github.resdensenet.compare.Comparison} trains every model with every recipe
 * and several seeds. {@link io.github.resdensenet.compare.Findings} turns predictions and timings into tables, tests
 * and text. {@link io.github.resdensenet.compare.CrossValidation} trains one model per fold and evaluates all images.
 */
@NullMarked
package io.github.resdensenet.compare;

import org.jspecify.annotations.NullMarked;
