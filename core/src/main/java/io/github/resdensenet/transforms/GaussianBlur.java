package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.Arrays;

/**
 * Blurs an image with a Gaussian kernel of random standard deviation. The image is reflected at its border.
 *
 * @param kernel height and width of the kernel in pixels, odd and positive
 * @param sigmaMax largest standard deviation in pixels, 0.1 or more; the smallest is 0.1
 */
record GaussianBlur(int kernel, double sigmaMax) implements Transform {
    /** The smallest standard deviation in pixels. */
    static final double MIN_SIGMA = 0.1;

    /**
     * Checks the kernel and the standard deviation.
     *
     * @throws IllegalArgumentException if the kernel is not odd and positive, or the standard deviation is not finite
     *     and at least 0.1
     */
    public GaussianBlur {
        if (kernel < 1 || kernel % 2 == 0) {
            throw new IllegalArgumentException("the kernel of augment.blur must be odd and positive, got " + kernel);
        }
        if (!(sigmaMax >= MIN_SIGMA && sigmaMax < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("augment.blur must be " + MIN_SIGMA + " or more, got " + sigmaMax);
        }
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random));
    }

    /** Draws the standard deviation in pixels. */
    public double sample(KeyedRandom random) {
        return random.nextDouble(MIN_SIGMA, sigmaMax);
    }

    /**
     * Returns the image blurred with a given standard deviation.
     *
     * @param sigma standard deviation in pixels, more than 0
     */
    public RgbImage apply(RgbImage image, double sigma) {
        float[] weights = weights(sigma);
        int width = image.width();
        int height = image.height();
        byte[] in = image.pixels();
        float[] rows = new float[in.length];
        int[] columns = reflected(width);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * 3;
                for (int k = 0; k < kernel; k++) {
                    int from = (y * width + columns[x + k]) * 3;
                    rows[at] += weights[k] * (in[from] & 255);
                    rows[at + 1] += weights[k] * (in[from + 1] & 255);
                    rows[at + 2] += weights[k] * (in[from + 2] & 255);
                }
            }
        }
        byte[] out = new byte[in.length];
        float[] sums = new float[width * 3];
        int[] lines = reflected(height);
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, 0);
            for (int k = 0; k < kernel; k++) {
                int from = lines[y + k] * sums.length;
                for (int x = 0; x < sums.length; x++) {
                    sums[x] += weights[k] * rows[from + x];
                }
            }
            for (int x = 0; x < sums.length; x++) {
                out[y * sums.length + x] = (byte) Math.rint(sums[x]);
            }
        }
        return new RgbImage(width, height, out);
    }

    private float[] weights(double sigma) {
        double[] density = new double[kernel];
        double sum = 0;
        for (int k = 0; k < kernel; k++) {
            double distance = (k - kernel / 2) / sigma;
            density[k] = StrictMath.exp(-0.5 * distance * distance);
            sum += density[k];
        }
        float[] weights = new float[kernel];
        for (int k = 0; k < kernel; k++) {
            weights[k] = (float) (density[k] / sum);
        }
        return weights;
    }

    /** Returns the input positions of a row or column that is extended by half the kernel at both ends. */
    private int[] reflected(int size) {
        int period = Math.max(2 * (size - 1), 1);
        int[] positions = new int[size + kernel - 1];
        for (int i = 0; i < positions.length; i++) {
            int position = Math.floorMod(i - kernel / 2, period);
            positions[i] = position < size ? position : period - position;
        }
        return positions;
    }

    @Override
    public String toString() {
        return "GaussianBlur(kernel_size=(" + kernel + ", " + kernel + "), sigma=(" + MIN_SIGMA + ", " + sigmaMax
                + "))";
    }
}
