package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Flips an image horizontally with a given probability.
 *
 * @param p probability of a flip, 0 to 1
 */
record RandomHorizontalFlip(double p) implements Transform {
    /** Checks that the probability is 0 to 1. */
    public RandomHorizontalFlip {
        Ranges.checkProbability("horizontalFlip", p);
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return random.nextDouble() < p ? flip(image) : image;
    }

    /** Returns the image flipped left to right. */
    public static RgbImage flip(RgbImage image) {
        byte[] in = image.pixels();
        byte[] out = new byte[in.length];
        int width = image.width();
        for (int y = 0; y < image.height(); y++) {
            int from = y * width * 3;
            int to = from + (width - 1) * 3;
            for (int x = 0; x < width; x++, from += 3, to -= 3) {
                out[to] = in[from];
                out[to + 1] = in[from + 1];
                out[to + 2] = in[from + 2];
            }
        }
        return new RgbImage(width, image.height(), out);
    }

    @Override
    public String toString() {
        return "RandomHorizontalFlip(p=" + p + ")";
    }
}
