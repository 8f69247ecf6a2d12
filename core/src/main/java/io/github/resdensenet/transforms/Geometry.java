package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Affine and perspective transforms of the pixel grid, with the same results as Pillow's {@code Image.transform}.
 *
 * <p>Output and input have the same size. Pixels from outside the input are black.
 */
final class Geometry {
    private static final double FIXED_LIMIT = 32768; // 16 integer bits with sign

    private Geometry() {}

    /**
     * Returns the image rotated about its centre, with the nearest pixel.
     *
     * @param degrees counter-clockwise angle
     */
    static RgbImage rotate(RgbImage image, double degrees) {
        double turn = degrees % 360;
        if (turn < 0) {
            turn += 360;
        }
        boolean square = image.width() == image.height();
        if (turn == 0) {
            return image;
        } else if (turn == 180) {
            return RandomVerticalFlip.flip(RandomHorizontalFlip.flip(image));
        } else if (turn == 90 && square) {
            return RandomVerticalFlip.flip(transpose(image));
        } else if (turn == 270 && square) {
            return RandomHorizontalFlip.flip(transpose(image));
        }
        double angle = -Math.toRadians(turn);
        double cos = rounded(StrictMath.cos(angle));
        double sin = rounded(StrictMath.sin(angle));
        double x = image.width() / 2.0;
        double y = image.height() / 2.0;
        return affine(image, cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y);
    }

    private static double rounded(double value) {
        return new BigDecimal(value).setScale(15, RoundingMode.HALF_EVEN).doubleValue();
    }

    /** Returns a square image mirrored at the diagonal from top left to bottom right. */
    private static RgbImage transpose(RgbImage image) {
        int size = image.width();
        byte[] out = new byte[image.pixels().length];
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                System.arraycopy(image.pixels(), (y * size + x) * 3, out, (x * size + y) * 3, 3);
            }
        }
        return new RgbImage(size, size, out);
    }

    /**
     * Returns the image after an affine transform, with the nearest pixel.
     *
     * <p>Output position (x, y) shows the input at (a x + b y + c, d x + e y + f). The coordinates are fixed-point
     * numbers with 16 fractional bits, or floating-point numbers if the transform only scales or the image is very
     * large.
     */
    static RgbImage affine(RgbImage image, double a, double b, double c, double d, double e, double f) {
        int width = image.width();
        int height = image.height();
        boolean fits = true;
        for (int corner = 0; corner < 4; corner++) {
            int x = (corner & 1) * width;
            int y = (corner >> 1) * height;
            fits &= Math.abs(x * a + y * b + c) < FIXED_LIMIT && Math.abs(x * d + y * e + f) < FIXED_LIMIT;
        }
        byte[] out = new byte[image.pixels().length];
        if (fits && !(b == 0 && d == 0)) {
            int stepX = fixed(a);
            int stepY = fixed(d);
            int rowX = fixed(c + a * 0.5 + b * 0.5);
            int rowY = fixed(f + d * 0.5 + e * 0.5);
            for (int y = 0; y < height; y++, rowX += fixed(b), rowY += fixed(e)) {
                int inX = rowX;
                int inY = rowY;
                for (int x = 0; x < width; x++, inX += stepX, inY += stepY) {
                    copy(image, inX >> 16, inY >> 16, out, y * width + x);
                }
            }
        } else {
            double rowX = c + b * 0.5 + a * 0.5;
            double rowY = f + e * 0.5 + d * 0.5;
            for (int y = 0; y < height; y++, rowX += b, rowY += e) {
                double inX = rowX;
                double inY = rowY;
                for (int x = 0; x < width; x++, inX += a, inY += d) {
                    copy(image, inX < 0 ? -1 : (int) inX, inY < 0 ? -1 : (int) inY, out, y * width + x);
                }
            }
        }
        return new RgbImage(width, height, out);
    }

    private static int fixed(double value) {
        return (int) Math.floor(value * 65536 + 0.5);
    }

    private static void copy(RgbImage image, int x, int y, byte[] out, int pixel) {
        if (x >= 0 && x < image.width() && y >= 0 && y < image.height()) {
            System.arraycopy(image.pixels(), (y * image.width() + x) * 3, out, pixel * 3, 3);
        }
    }

    /**
     * Returns the image after a perspective transform, with bilinear interpolation.
     *
     * <p>Output position (x, y) shows the input at ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y +
     * 1)).
     *
     * @param k the coefficients a to h
     */
    static RgbImage perspective(RgbImage image, double[] k) {
        int width = image.width();
        byte[] out = new byte[image.pixels().length];
        for (int y = 0; y < image.height(); y++) {
            double v = y + 0.5;
            for (int x = 0; x < width; x++) {
                double u = x + 0.5;
                double scale = k[6] * u + k[7] * v + 1;
                double inX = (k[0] * u + k[1] * v + k[2]) / scale;
                double inY = (k[3] * u + k[4] * v + k[5]) / scale;
                if (inX >= 0 && inX < width && inY >= 0 && inY < image.height()) {
                    bilinear(image, inX - 0.5, inY - 0.5, out, (y * width + x) * 3);
                }
            }
        }
        return new RgbImage(width, image.height(), out);
    }

    /** Writes the input at (x, y), where pixel centres are integers. The bytes are truncated. */
    private static void bilinear(RgbImage image, double x, double y, byte[] out, int at) {
        byte[] in = image.pixels();
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        double dx = x - left;
        double dy = y - top;
        int x0 = Math.max(left, 0) * 3;
        int x1 = Math.min(left + 1, image.width() - 1) * 3;
        int row0 = Math.max(top, 0) * image.width() * 3;
        int row1 = Math.min(top + 1, image.height() - 1) * image.width() * 3;
        for (int c = 0; c < 3; c++) {
            double upper = between(in[row0 + x0 + c] & 255, in[row0 + x1 + c] & 255, dx);
            double lower = between(in[row1 + x0 + c] & 255, in[row1 + x1 + c] & 255, dx);
            out[at + c] = (byte) between(upper, lower, dy);
        }
    }

    private static double between(double a, double b, double fraction) {
        return a + (b - a) * fraction;
    }
}
