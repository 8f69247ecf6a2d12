/**
 * Data sets and batches.
 *
 * <p>{@link io.github.resdensenet.data.ImageFolder} lists the images and {@link io.github.resdensenet.data.Split}
 * assigns them to train, validation and test set. {@link io.github.resdensenet.data.PixelCache} decodes and
 * resizes each image, a second time in a larger size if the recipe crops at random.
 * {@link io.github.resdensenet.data.DataLoader} augments the images and makes batches on its own threads.
 */
@NullMarked
package io.github.resdensenet.data;

import org.jspecify.annotations.NullMarked;
