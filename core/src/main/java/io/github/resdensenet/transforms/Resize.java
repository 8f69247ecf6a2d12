package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.Arrays;

/**
 * Resizes an image with antialiased bilinear interpolation, to the same pixels as Pillow. The aspect ratio is not kept.
 *
 * <p>When shrinking, the triangle filter widens with the scale. Rows and columns are resized in two passes. Each pass
 * computes in fixed point with 22 fractional bits and rounds to bytes.
 *
 * @param height output height in pixels
 * @param width output width in pixels
 */
public record Resize(int height, int width) implements Transform {
    private static final int PRECISION_BITS = 22;
    private static final int HALF = 1 << (PRECISION_BITS - 1);

    /** Checks that height and width are positive. */
    public Resize {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("size must be positive, got " + height + " x " + width);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image);
    }

    /** Returns the resized image, or {@code image} itself if it already has the output size. */
    public RgbImage apply(RgbImage image) {
        // Each pass rounds to bytes, so the order matters. Pillow resizes very tall images vertically first.
        boolean columnsFirst = image.height() > image.width() * 100L && height < image.height();
        RgbImage intermediate = columnsFirst ? vertical(image) : horizontal(image);
        return columnsFirst ? horizontal(intermediate) : vertical(intermediate);
    }

    private RgbImage horizontal(RgbImage image) {
        int inWidth = image.width();
        int rows = image.height();
        if (inWidth == width) {
            return image;
        }
        byte[] in = image.pixels();
        Weights weights = Weights.of(inWidth, width);
        byte[] out = new byte[rows * width * 3];
        for (int x = 0; x < width; x++) {
            int first = weights.first[x];
            int[] w = weights.values[x];
            for (int y = 0; y < rows; y++) {
                int r = HALF;
                int g = HALF;
                int b = HALF;
                int i = (y * inWidth + first) * 3;
                for (int weight : w) {
                    r += (in[i] & 255) * weight;
                    g += (in[i + 1] & 255) * weight;
                    b += (in[i + 2] & 255) * weight;
                    i += 3;
                }
                int o = (y * width + x) * 3;
                out[o] = clip(r);
                out[o + 1] = clip(g);
                out[o + 2] = clip(b);
            }
        }
        return new RgbImage(width, rows, out);
    }

    private RgbImage vertical(RgbImage image) {
        if (image.height() == height) {
            return image;
        }
        byte[] in = image.pixels();
        Weights weights = Weights.of(image.height(), height);
        int row = image.width() * 3;
        byte[] out = new byte[height * row];
        int[] sums = new int[row];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
            int i = weights.first[y] * row;
            for (int weight : weights.values[y]) {
                for (int x = 0; x < row; x++) {
                    sums[x] += (in[i + x] & 255) * weight;
                }
                i += row;
            }
            for (int x = 0; x < row; x++) {
                out[y * row + x] = clip(sums[x]);
            }
        }
        return new RgbImage(image.width(), height, out);
    }

    private static byte clip(int sum) {
        int value = sum >> PRECISION_BITS;
        return (byte) (value < 0 ? 0 : Math.min(value, 255));
    }

    /** For each output position, the first input position and the fixed-point weights that start there. */
    private record Weights(int[] first, int[][] values) {
        static Weights of(int in, int out) {
            double scale = (double) in / out;
            double support = Math.max(scale, 1);
            int[] first = new int[out];
            int[][] values = new int[out][];
            for (int i = 0; i < out; i++) {
                double center = (i + 0.5) * scale;
                int low = Math.max((int) (center - support + 0.5), 0);
                int high = Math.min((int) (center + support + 0.5), in);
                double[] w = new double[high - low];
                double sum = 0;
                for (int k = 0; k < w.length; k++) {
                    double distance = Math.abs((k + low - center + 0.5) * (1 / support));
                    w[k] = distance < 1 ? 1 - distance : 0;
                    sum += w[k];
                }
                first[i] = low;
                values[i] = new int[w.length];
                for (int k = 0; k < w.length; k++) {
                    values[i][k] = (int) (0.5 + w[k] / sum * (1 << PRECISION_BITS));
                }
            }
            return new Weights(first, values);
        }
    }

    @Override
    public String toString() {
        return "Resize(size=[" + height + ", " + width + "], interpolation=bilinear, max_size=None, antialias=True)";
    }
}
