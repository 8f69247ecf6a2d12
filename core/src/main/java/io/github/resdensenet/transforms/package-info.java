/**
 * What happens to a picture between the file and the network, named and computed as in torchvision on Pillow images.
 *
 * <p>Start with {@link io.github.resdensenet.transforms.Compose}.
 */
@NullMarked
package io.github.resdensenet.transforms;

import org.jspecify.annotations.NullMarked;
