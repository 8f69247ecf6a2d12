/**
 * Attribution maps for a trained model. {@link io.github.resdensenet.explain.Explainer} computes a heatmap of the
 * evidence for a class in an image. {@link io.github.resdensenet.explain.FaithfulnessCheck} checks how faithful the map
 * is.
 */
@NullMarked
package io.github.resdensenet.explain;

import org.jspecify.annotations.NullMarked;
