package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Pads the shorter side of an image with black, so that the image becomes square.
 *
 * <p>The image stays in the centre. If the padding has an odd number of pixels, the right or the bottom gets one more.
 */
record PadToSquare() implements Transform {
    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image);
    }

    /** Returns the padded image, or {@code image} itself if it is square. */
    public RgbImage apply(RgbImage image) {
        return Crop.center(image, Math.max(image.height(), image.width()));
    }

    @Override
    public String toString() {
        return "PadToSquare()";
    }
}
