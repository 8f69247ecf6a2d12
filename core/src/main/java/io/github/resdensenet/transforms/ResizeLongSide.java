package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Resizes an image so that its longer side has a given length. The aspect ratio is kept; the shorter side is rounded down
 * and has at least 1 pixel.
 *
 * @param size length of the longer side of the output in pixels, 1 or more
 */
record ResizeLongSide(int size) implements Transform {
    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        long longer = Math.max(image.width(), image.height());
        int height = (int) Math.max(1, (long) size * image.height() / longer);
        int width = (int) Math.max(1, (long) size * image.width() / longer);
        return new Resize(height, width).apply(image);
    }

    @Override
    public String toString() {
        return "Resize(size=None, interpolation=bilinear, max_size=" + size + ", antialias=True)";
    }
}
