package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Flips an image vertically with a given probability.
 *
 * @param p probability of a flip, 0 to 1
 */
record RandomVerticalFlip(double p) implements Transform {
    /**
     * Checks that the probability is 0 to 1.
     *
     * @throws IllegalArgumentException if the probability is not 0 to 1
     */
    public RandomVerticalFlip {
        Ranges.checkProbability("verticalFlip", p);
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return random.nextDouble() < p ? flip(image) : image;
    }

    /** Returns the image flipped top to bottom. */
    public static RgbImage flip(RgbImage image) {
        byte[] in = image.pixels();
        byte[] out = new byte[in.length];
        int row = image.width() * 3;
        for (int from = 0, to = in.length - row; to >= 0; from += row, to -= row) {
            System.arraycopy(in, from, out, to, row);
        }
        return new RgbImage(image.width(), image.height(), out);
    }

    @Override
    public String toString() {
        return "RandomVerticalFlip(p=" + p + ")";
    }
}
