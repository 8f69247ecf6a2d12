/**
 * Decodes image files to RGB pixels and encodes PNG.
 *
 * <p>Start with {@link io.github.resdensenet.image.ImageDecoder}; the other decoders handle one file format each.
 */
@NullMarked
package io.github.resdensenet.image;

import org.jspecify.annotations.NullMarked;
