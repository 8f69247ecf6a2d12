package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/** A transform from image to image. {@code toString} has the format of torchvision. */
interface Transform {
    /**
     * Returns the transformed image. The input image stays unchanged.
     *
     * @param image the input image
     * @param random source of randomness; deterministic transforms ignore it
     */
    RgbImage apply(RgbImage image, KeyedRandom random);
}
