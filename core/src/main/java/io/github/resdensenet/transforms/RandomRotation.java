package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Rotates an image about its centre by a random angle, with the nearest pixel. The image keeps its size; the corners
 * become black.
 *
 * @param degrees largest angle in both directions, 0 to 180
 */
record RandomRotation(double degrees) implements Transform {
    /**
     * Checks that the angle is 0 to 180 degrees.
     *
     * @throws IllegalArgumentException if the angle is not 0 to 180
     */
    public RandomRotation {
        Ranges.check("rotation", degrees, 0, 180);
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random));
    }

    /** Draws the angle in degrees. */
    public double sample(KeyedRandom random) {
        return random.nextDouble(-degrees, degrees);
    }

    /** Returns the image rotated counter-clockwise by an angle in degrees. */
    public static RgbImage apply(RgbImage image, double angle) {
        return Geometry.rotate(image, angle);
    }

    @Override
    public String toString() {
        return "RandomRotation(degrees=[" + -degrees + ", " + degrees
                + "], interpolation=nearest, expand=False, fill=0)";
    }
}
