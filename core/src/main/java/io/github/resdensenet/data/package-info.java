/**
 * From an image folder to batches: {@link io.github.resdensenet.data.ImageFolder} lists the pictures, {@link
 * io.github.resdensenet.data.Split} deals them out, {@link io.github.resdensenet.data.PixelCache} decodes and resizes
 * each once, and {@link io.github.resdensenet.data.DataLoader} augments and batches them on its own threads.
 */
@NullMarked
package io.github.resdensenet.data;

import org.jspecify.annotations.NullMarked;
