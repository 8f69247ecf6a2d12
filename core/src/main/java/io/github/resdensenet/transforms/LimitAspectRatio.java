package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Keeps the middle of an image whose long side is more than {@code most} times the short side, so that resizing the short
 * side cannot make it huge. Other images stay as they are.
 *
 * @param most largest ratio of the long side and the short side
 */
record LimitAspectRatio(int most) implements Transform {
    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        int longest = most * Math.min(image.width(), image.height());
        int width = Math.min(image.width(), longest);
        int height = Math.min(image.height(), longest);
        return Crop.apply(image, (image.height() - height) / 2, (image.width() - width) / 2, height, width);
    }

    @Override
    public String toString() {
        return "LimitAspectRatio(" + most + ")";
    }
}
