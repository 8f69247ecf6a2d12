package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.List;

/** An operation of {@link RandAugment} and {@link TrivialAugmentWide}, in torchvision's order. */
enum PolicyOp {
    /** Keeps the image unchanged. */
    IDENTITY(false),
    /** Shears along the x axis; the magnitude is the tangent of the angle. */
    SHEAR_X(true),
    /** Shears along the y axis; the magnitude is the tangent of the angle. */
    SHEAR_Y(true),
    /** Translates to the right by whole pixels. */
    TRANSLATE_X(true),
    /** Translates downwards by whole pixels. */
    TRANSLATE_Y(true),
    /** Rotates counter-clockwise by degrees. */
    ROTATE(true),
    /** Changes the brightness by the factor 1 + magnitude. */
    BRIGHTNESS(true),
    /** Changes the saturation by the factor 1 + magnitude. */
    COLOR(true),
    /** Changes the contrast by the factor 1 + magnitude. */
    CONTRAST(true),
    /** Changes the sharpness by the factor 1 + magnitude. */
    SHARPNESS(true),
    /** Keeps the given number of bits per byte. */
    POSTERIZE(false),
    /** Inverts the bytes from the given level on. */
    SOLARIZE(false),
    /** Stretches the values of each channel to 0 to 255. */
    AUTO_CONTRAST(false),
    /** Evens out the histogram of each channel. */
    EQUALIZE(false);

    /** Number of magnitudes per operation. */
    static final int BINS = 31;

    private final boolean signed;

    PolicyOp(boolean signed) {
        this.signed = signed;
    }

    /**
     * An operation with its magnitude.
     *
     * @param op the operation
     * @param magnitude in the unit of the operation
     */
    record Step(PolicyOp op, double magnitude) {
        /** Returns the image after the operation. */
        RgbImage apply(RgbImage image) {
            return switch (op) {
                case IDENTITY -> image;
                case SHEAR_X -> shear(image, Math.toDegrees(StrictMath.atan(magnitude)), 0);
                case SHEAR_Y -> shear(image, 0, Math.toDegrees(StrictMath.atan(magnitude)));
                case TRANSLATE_X -> translate(image, (int) magnitude, 0);
                case TRANSLATE_Y -> translate(image, 0, (int) magnitude);
                case ROTATE -> Geometry.rotate(image, magnitude);
                case BRIGHTNESS -> adjust(image, ColorJitter.Step.BRIGHTNESS);
                case COLOR -> adjust(image, ColorJitter.Step.SATURATION);
                case CONTRAST -> adjust(image, ColorJitter.Step.CONTRAST);
                case SHARPNESS -> ImageOps.sharpness(image, 1 + magnitude);
                case POSTERIZE -> ImageOps.posterize(image, (int) magnitude);
                case SOLARIZE -> ImageOps.solarize(image, magnitude);
                case AUTO_CONTRAST -> ImageOps.autocontrast(image);
                case EQUALIZE -> ImageOps.equalize(image);
            };
        }

        private RgbImage adjust(RgbImage image, ColorJitter.Step step) {
            return ColorJitter.apply(image, List.of(new ColorJitter.Adjustment(step, 1 + magnitude)));
        }

        private static RgbImage shear(RgbImage image, double x, double y) {
            return RandomAffine.apply(image, new RandomAffine.Parameters(0, 0, 0, 1, x, y), 0, 0);
        }

        private static RgbImage translate(RgbImage image, int right, int down) {
            return RandomAffine.apply(image, new RandomAffine.Parameters(0, right, down, 1, 0, 0));
        }
    }

    /**
     * The largest magnitude of each operation. The magnitudes of an operation are evenly spaced, from no change to the
     * largest.
     *
     * @param shear tangent of the angle
     * @param translateX in pixels
     * @param translateY in pixels
     * @param rotate in degrees
     * @param enhance change of the factor of brightness, saturation, contrast and sharpness
     * @param posterize number of bits that are removed
     */
    record Space(double shear, double translateX, double translateY, double rotate, double enhance, int posterize) {
        /**
         * Returns a magnitude without its sign.
         *
         * @param bin 0 to 30
         */
        double magnitude(PolicyOp op, int bin) {
            return switch (op) {
                case SHEAR_X, SHEAR_Y -> spaced(0, shear, bin);
                case TRANSLATE_X -> spaced(0, translateX, bin);
                case TRANSLATE_Y -> spaced(0, translateY, bin);
                case ROTATE -> spaced(0, rotate, bin);
                case BRIGHTNESS, COLOR, CONTRAST, SHARPNESS -> spaced(0, enhance, bin);
                case POSTERIZE -> 8 - Math.rint(bin * posterize / (BINS - 1.0));
                case SOLARIZE -> spaced(255, 0, bin);
                case IDENTITY, AUTO_CONTRAST, EQUALIZE -> 0;
            };
        }

        /** Returns a value of {@code torch.linspace(start, end, 31)}, with its rounding to single precision. */
        private static float spaced(double start, double end, int bin) {
            float step = ((float) end - (float) start) / (BINS - 1);
            return bin < BINS / 2
                    ? Math.fma(step, (float) bin, (float) start)
                    : Math.fma(-step, (float) (BINS - 1 - bin), (float) end);
        }
    }

    /** Draws an operation. */
    static PolicyOp sample(KeyedRandom random) {
        return values()[random.nextInt(values().length)];
    }

    /** Whether the magnitude has a random sign. */
    boolean signed() {
        return signed;
    }

    /** Returns this operation with a magnitude, whose sign is drawn if the operation has one. */
    Step with(double magnitude, KeyedRandom random) {
        return new Step(this, signed() && random.nextInt(2) == 1 ? -magnitude : magnitude);
    }
}
