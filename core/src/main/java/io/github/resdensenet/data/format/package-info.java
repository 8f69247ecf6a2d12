/**
 * The formats of picture files: what a file's own structure says about it, read before any pixel memory is taken, and
 * the damage that decoders hide. {@link io.github.resdensenet.data.format.ImageFile} is the door.
 */
@NullMarked
package io.github.resdensenet.data.format;

import org.jspecify.annotations.NullMarked;
