package io.github.resdensenet.transforms;

/** Mirrors left and right with probability p. */
public record RandomHorizontalFlip(double p) implements Transform {
    /** Checks the probability. */
    public RandomHorizontalFlip {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("augment.horizontalFlip must be a probability, 0 to 1, got " + p);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return random.nextDouble() < p ? flip(image) : image;
    }

    /** The mirror image. */
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
