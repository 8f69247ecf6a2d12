package io.github.resdensenet.transforms;

import io.github.resdensenet.util.KeyedRandom;
import java.util.Optional;

/**
 * Draws a rectangle inside an image with a random area, aspect ratio and position.
 *
 * <p>The area is uniform. The logarithm of the aspect ratio is uniform. The position is uniform.
 *
 * @param minScale smallest area as a fraction of the image's area
 * @param maxScale largest area as a fraction of the image's area
 * @param minRatio smallest height / width
 * @param maxRatio largest height / width
 * @param minSide smallest height and width in pixels
 * @param margin the rectangle is at least this number of pixels lower and narrower than the image
 */
record RandomBox(double minScale, double maxScale, double minRatio, double maxRatio, int minSide, int margin) {
    private static final int TRIES = 10;

    /** Returns a rectangle in an image of the given size, or nothing if no rectangle fits in 10 attempts. */
    Optional<RandomErasing.Region> sample(KeyedRandom random, int height, int width) {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            double area = (double) height * width * random.nextDouble(minScale, maxScale);
            double ratio = StrictMath.exp(random.nextDouble(StrictMath.log(minRatio), StrictMath.log(maxRatio)));
            int h = (int) Math.rint(Math.sqrt(area * ratio));
            int w = (int) Math.rint(Math.sqrt(area / ratio));
            if (fits(h, height) && fits(w, width)) {
                int top = random.nextInt(height - h + 1);
                return Optional.of(new RandomErasing.Region(top, random.nextInt(width - w + 1), h, w));
            }
        }
        return Optional.empty();
    }

    private boolean fits(int side, int available) {
        return side >= minSide && side <= available - margin;
    }
}
