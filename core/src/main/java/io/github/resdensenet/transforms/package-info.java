/**
 * Image transforms with the names and results of torchvision on Pillow images.
 *
 * <p>Start with {@link io.github.resdensenet.transforms.Preprocessing} and
 * {@link io.github.resdensenet.transforms.Augmentation}.
 */
@NullMarked
package io.github.resdensenet.transforms;

import org.jspecify.annotations.NullMarked;
