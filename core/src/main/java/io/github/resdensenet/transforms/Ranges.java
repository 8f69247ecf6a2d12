package io.github.resdensenet.transforms;

/** Checks the values of transforms and of the augmentation settings of a recipe. */
final class Ranges {
    private Ranges() {}

    /**
     * Checks that a probability is 0 to 1.
     *
     * @param key the recipe key without the prefix {@code augment.}
     * @throws IllegalArgumentException if the value is outside the range or not a number
     */
    static void checkProbability(String key, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("augment." + key + " must be a probability from 0 to 1, got " + p);
        }
    }

    /**
     * Checks that a value is {@code low} to {@code high}, both included.
     *
     * @param key the recipe key without the prefix {@code augment.}
     * @throws IllegalArgumentException if the value is outside the range or not a number
     */
    static void check(String key, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException("augment." + key + " must be " + low + " to " + high + ", got " + value);
        }
    }

    /**
     * Checks that a value is {@code low} or more and less than {@code high}.
     *
     * @param key the recipe key without the prefix {@code augment.}
     * @throws IllegalArgumentException if the value is outside the range or not a number
     */
    static void checkBelow(String key, double value, double low, double high) {
        if (!(value >= low && value < high)) {
            throw new IllegalArgumentException(
                    "augment." + key + " must be at least " + low + " and less than " + high + ", got " + value);
        }
    }

    /**
     * Checks that a height or width is positive.
     *
     * @throws IllegalArgumentException if the size is below 1
     */
    static void checkSize(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("size must be positive, got " + size);
        }
    }

    /** Returns the text of a bound in torchvision's format, without the rounding error of, for example, 1 - 0.9. */
    static String bound(double value) {
        return Double.toString(Math.round(value * 1e9) / 1e9);
    }
}
