/**
 * What a trained model looks at: {@link io.github.resdensenet.explain.Explainer} makes a map of the parts of a picture that
 * speak for a class, and {@link io.github.resdensenet.explain.Sanity} says whether to believe it.
 */
@NullMarked
package io.github.resdensenet.explain;

import org.jspecify.annotations.NullMarked;
