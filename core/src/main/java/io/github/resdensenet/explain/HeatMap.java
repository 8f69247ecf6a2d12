package io.github.resdensenet.explain;

/**
 * How much each part of a picture speaks for a class. The cells cover the picture evenly.
 *
 * @param width cells across
 * @param height cells down
 * @param values one a cell, row by row: above 0 speaks for the class, below 0 (occlusion only) against it; the unit is the
 *     method's, see {@link #normalized}; not copied
 */
public record HeatMap(int width, int height, float[] values) {
    /** Checks the sizes and that every value is a finite number. */
    public HeatMap {
        if (width < 1 || height < 1 || values.length != width * height) {
            throw new IllegalArgumentException(
                    "a map of " + width + " x " + height + " cannot have " + values.length + " values");
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new ArithmeticException("a map's values must be finite, got " + value);
            }
        }
    }

    /** The value of a cell, counted from the upper left. */
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

    /** What speaks for the class, from 0 to 1 for the largest; all 0 if nothing does. */
    public HeatMap normalized() {
        float max = max();
        float[] normal = new float[values.length];
        for (int i = 0; i < normal.length && max > 0; i++) {
            normal[i] = Math.max(0, values[i]) / max;
        }
        return new HeatMap(width, height, normal);
    }

    /** The map at another size, bilinear between the centres of the cells, as {@code F.interpolate} does. */
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

    private static double between(double a, double b, double share) {
        return a + (b - a) * share;
    }
}
