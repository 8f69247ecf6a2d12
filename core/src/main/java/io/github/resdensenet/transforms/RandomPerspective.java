package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * Moves the corners of an image to random positions inside the image with a given probability, with bilinear
 * interpolation. Uncovered pixels become black.
 *
 * @param distortion largest movement of a corner as a fraction of half the width and height, 0 to 1
 * @param p probability of the transform, 0 to 1
 */
record RandomPerspective(double distortion, double p) implements Transform {
    private static final double NEGLIGIBLE = 1e-12;
    private static final double SINGULAR = 1e-13;

    /**
     * Checks both ranges.
     *
     * @throws IllegalArgumentException if a value is not 0 to 1
     */
    public RandomPerspective {
        Ranges.check("perspective", distortion, 0, 1);
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("the probability of augment.perspective must be from 0 to 1, got " + p);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return random.nextDouble() < p ? apply(image, sample(random, image.height(), image.width())) : image;
    }

    /**
     * Draws the new positions of the corners of an image of the given size.
     *
     * @return x and y of the top left, top right, bottom right and bottom left corner
     */
    public int[] sample(KeyedRandom random, int height, int width) {
        int halfWidth = width / 2;
        int halfHeight = height / 2;
        int rangeX = (int) (distortion * halfWidth) + 1;
        int rangeY = (int) (distortion * halfHeight) + 1;
        int[] corners = new int[8];
        for (int i = 0; i < 4; i++) {
            boolean right = i == 1 || i == 2;
            boolean bottom = i >= 2;
            corners[2 * i] = (right ? width - rangeX : 0) + random.nextInt(rangeX);
            corners[2 * i + 1] = (bottom ? height - rangeY : 0) + random.nextInt(rangeY);
        }
        return corners;
    }

    /**
     * Moves the corners of an image to the given positions.
     *
     * @param corners x and y of the top left, top right, bottom right and bottom left corner
     * @return the transformed image, or {@code image} itself if it has only one row or column or if two of the new
     *     corners are equal
     */
    public static RgbImage apply(RgbImage image, int[] corners) {
        int right = image.width() - 1;
        int bottom = image.height() - 1;
        int[] original = {0, 0, right, 0, right, bottom, 0, bottom};
        double[][] equations = new double[8][];
        for (int i = 0; i < 8; i++) {
            double x = corners[i & ~1];
            double y = corners[i | 1];
            double to = original[i];
            equations[i] = (i & 1) == 0
                    ? new double[] {x, y, 1, 0, 0, 0, -to * x, -to * y, to}
                    : new double[] {0, 0, 0, x, y, 1, -to * x, -to * y, to};
        }
        return solve(equations)
                .map(coefficients -> Geometry.perspective(image, coefficients))
                .orElse(image);
    }

    /**
     * Solves linear equations by Gauss-Jordan elimination. The solution is rounded to single precision, as in
     * torchvision. Values that are only rounding errors become 0.
     *
     * @return the solution, or nothing if there is no unique one
     */
    private static Optional<double[]> solve(double[][] rows) {
        int count = rows.length;
        double largest = 0;
        for (double[] row : rows) {
            largest = Math.max(largest, Arrays.stream(row).map(Math::abs).max().orElse(0));
        }
        for (int column = 0; column < count; column++) {
            int pivot = column;
            for (int i = column + 1; i < count; i++) {
                pivot = Math.abs(rows[i][column]) > Math.abs(rows[pivot][column]) ? i : pivot;
            }
            double[] row = rows[pivot];
            if (Math.abs(row[column]) < largest * SINGULAR) {
                return Optional.empty();
            }
            rows[pivot] = rows[column];
            rows[column] = row;
            for (int i = 0; i < count; i++) {
                double factor = i == column ? 0 : rows[i][column] / row[column];
                for (int k = column; k <= count; k++) {
                    rows[i][k] -= factor * row[k];
                }
            }
        }
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            double value = rows[i][count] / rows[i][i];
            values[i] = Math.abs(value) < NEGLIGIBLE ? 0 : (float) value;
        }
        return Optional.of(values);
    }

    @Override
    public String toString() {
        return "RandomPerspective(p=" + p + ")";
    }
}
