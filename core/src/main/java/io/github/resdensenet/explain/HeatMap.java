package io.github.resdensenet.explain;

/**
 * An attribution map: the evidence for a class in each cell of a regular grid over the image.
 *
 * @param width number of columns
 * @param height number of rows
 * @param values one value per cell, row by row. Values above 0 are evidence for the class, values below 0 (occlusion
 *     only) are evidence against the class. The unit depends on the method, see {@link #normalized}. The array is not
 *     copied.
 */
public record HeatMap(int width, int height, float[] values) {
    /** Checks the number of values and that all values are finite. */
    public HeatMap {
        if (width < 1 || height < 1 || values.length != width * height) {
            throw new IllegalArgumentException(
                    "a map of " + width + " x " + height + " cells cannot have " + values.length + " values");
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new ArithmeticException("values of a map must be finite, got " + value);
            }
        }
    }

    /** The value of a cell; (0, 0) is the upper left cell. */
    public float at(int x, int y) {
        return values[y * width + x];
    }

    /** The largest value. */
    public float max() {
        float max = values[0];
        for (float value : values) {
            max = Math.max(max, value);
        }
        return max;
    }

    /** The evidence for the class, scaled to a maximum of 1. Negative values become 0. */
    public HeatMap normalized() {
        float max = max();
        float[] normal = new float[values.length];
        for (int i = 0; i < normal.length && max > 0; i++) {
            normal[i] = Math.max(0, values[i]) / max;
        }
        return new HeatMap(width, height, normal);
    }

    /** The map at another size, with bilinear interpolation between cell centres like {@code F.interpolate}. */
    public HeatMap resized(int toWidth, int toHeight) {
        float[] out = new float[toWidth * toHeight];
        for (int y = 0; y < toHeight; y++) {
            double fromY = centre(y, toHeight, height);
            int top = (int) fromY;
            int bottom = Math.min(top + 1, height - 1);
            for (int x = 0; x < toWidth; x++) {
                double fromX = centre(x, toWidth, width);
                int left = (int) fromX;
                int right = Math.min(left + 1, width - 1);
                double upper = between(at(left, top), at(right, top), fromX - left);
                double lower = between(at(left, bottom), at(right, bottom), fromX - left);
                out[y * toWidth + x] = (float) between(upper, lower, fromY - top);
            }
        }
        return new HeatMap(toWidth, toHeight, out);
    }

    private static double centre(int i, int to, int from) {
        return Math.min(Math.max((i + 0.5) * from / to - 0.5, 0), from - 1);
    }

    private static double between(double a, double b, double fraction) {
        return a + (b - a) * fraction;
    }
}
