package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;

/**
 * Rotates, translates, scales and shears an image about its centre by random amounts, with the nearest pixel. Uncovered
 * pixels become black.
 *
 * @param degrees largest angle of rotation in both directions, 0 to 180
 * @param translate largest translation in each direction as a fraction of width and height, 0 to 1
 * @param scale the factor of the size is uniform in [1 - scale, 1 + scale]; 0 or more and less than 1
 * @param shear largest angle of the shear along the x axis in both directions, 0 or more and less than 90 degrees
 */
record RandomAffine(double degrees, double translate, double scale, double shear) implements Transform {
    /**
     * Checks all ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public RandomAffine {
        Ranges.check("rotation", degrees, 0, 180);
        Ranges.check("translate", translate, 0, 1);
        Ranges.checkBelow("scale", scale, 0, 1);
        Ranges.checkBelow("shear", shear, 0, 90);
    }

    /**
     * An affine transform about the centre of an image.
     *
     * @param angle clockwise rotation in degrees
     * @param right translation to the right in pixels
     * @param down translation downwards in pixels
     * @param scale factor of the size, more than 0
     * @param shearX shear along the x axis in degrees
     * @param shearY shear along the y axis in degrees
     */
    public record Parameters(double angle, int right, int down, double scale, double shearX, double shearY) {}

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random, image.height(), image.width()));
    }

    /** Draws the transform of an image of the given size. */
    public Parameters sample(KeyedRandom random, int height, int width) {
        double angle = random.nextDouble(-degrees, degrees);
        int right = (int) Math.rint(random.nextDouble(-translate, translate) * width);
        int down = (int) Math.rint(random.nextDouble(-translate, translate) * height);
        double factor = random.nextDouble(1 - scale, 1 + scale);
        return new Parameters(angle, right, down, factor, random.nextDouble(-shear, shear), 0);
    }

    /** Applies a transform about the centre of the image. */
    public static RgbImage apply(RgbImage image, Parameters parameters) {
        return apply(image, parameters, image.width() * 0.5, image.height() * 0.5);
    }

    /** Applies a transform about the point (x, y). */
    static RgbImage apply(RgbImage image, Parameters parameters, double x, double y) {
        double rotation = Math.toRadians(parameters.angle);
        double shearX = Math.toRadians(parameters.shearX);
        double shearY = Math.toRadians(parameters.shearY);
        double cos = StrictMath.cos(rotation - shearY);
        double sin = StrictMath.sin(rotation - shearY);
        double cosShear = StrictMath.cos(shearY);
        double tanShear = StrictMath.tan(shearX);
        // The matrix maps output to input, so it is the inverse of rotation, scale and shear. The order of the
        // operations is torchvision's, because the last bit decides which pixel is the nearest.
        double a = (-sin * tanShear / cosShear + StrictMath.cos(rotation)) / parameters.scale;
        double b = -(-cos * tanShear / cosShear - StrictMath.sin(rotation)) / parameters.scale;
        double d = -(sin / cosShear) / parameters.scale;
        double e = cos / cosShear / parameters.scale;
        double fromX = -x - parameters.right;
        double fromY = -y - parameters.down;
        return Geometry.affine(image, a, b, a * fromX + b * fromY + x, d, e, d * fromX + e * fromY + y);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("RandomAffine(degrees=[" + -degrees + ", " + degrees + "]");
        if (translate > 0) {
            text.append(", translate=(" + translate + ", " + translate + ")");
        }
        if (scale > 0) {
            text.append(", scale=(" + Ranges.bound(1 - scale) + ", " + Ranges.bound(1 + scale) + ")");
        }
        if (shear > 0) {
            text.append(", shear=[" + -shear + ", " + shear + "]");
        }
        return text.append(')').toString();
    }
}
