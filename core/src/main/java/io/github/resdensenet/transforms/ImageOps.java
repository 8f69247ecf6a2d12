package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;

/** Changes of the pixel values, with the same results as Pillow's {@code ImageOps} and {@code ImageEnhance}. */
final class ImageOps {
    private static final int LEVELS = 256;
    // weights of the 3 x 3 smoothing kernel
    private static final float EDGE = 1 / 13f;
    private static final float CENTER = 5 / 13f;

    private ImageOps() {}

    /**
     * Keeps the upper bits of every byte.
     *
     * @param bits number of bits to keep, 1 to 8
     */
    static RgbImage posterize(RgbImage image, int bits) {
        byte[] table = new byte[LEVELS];
        for (int v = 0; v < LEVELS; v++) {
            table[v] = (byte) ((v >> (8 - bits)) << (8 - bits));
        }
        return with(image, ColorJitter.mapped(image.pixels(), table));
    }

    /** Inverts all bytes that are equal to or above a threshold. */
    static RgbImage solarize(RgbImage image, double threshold) {
        byte[] table = new byte[LEVELS];
        for (int v = 0; v < LEVELS; v++) {
            table[v] = (byte) (v < threshold ? v : 255 - v);
        }
        return with(image, ColorJitter.mapped(image.pixels(), table));
    }

    /** Stretches each channel, so that its smallest value becomes 0 and its largest value becomes 255. */
    static RgbImage autocontrast(RgbImage image) {
        byte[] out = image.pixels().clone();
        for (int c = 0; c < 3; c++) {
            int[] histogram = histogram(out, c);
            int low = 0;
            while (histogram[low] == 0) {
                low++;
            }
            int high = LEVELS - 1;
            while (histogram[high] == 0) {
                high--;
            }
            if (low < high) {
                double scale = 255.0 / (high - low);
                double offset = -low * scale;
                int[] table = new int[LEVELS];
                for (int v = low; v <= high; v++) {
                    table[v] = (int) (v * scale + offset);
                }
                map(out, c, table);
            }
        }
        return with(image, out);
    }

    /** Makes the histogram of each channel as even as possible. */
    static RgbImage equalize(RgbImage image) {
        byte[] out = image.pixels().clone();
        for (int c = 0; c < 3; c++) {
            int[] histogram = histogram(out, c);
            int high = LEVELS - 1;
            while (histogram[high] == 0) {
                high--;
            }
            int step = (out.length / 3 - histogram[high]) / 255;
            if (step > 0) {
                int sum = step / 2;
                int[] table = new int[LEVELS];
                for (int v = 0; v <= high; v++) {
                    table[v] = sum / step;
                    sum += histogram[v];
                }
                map(out, c, table);
            }
        }
        return with(image, out);
    }

    private static int[] histogram(byte[] pixels, int channel) {
        int[] counts = new int[LEVELS];
        for (int i = channel; i < pixels.length; i += 3) {
            counts[pixels[i] & 255]++;
        }
        return counts;
    }

    private static void map(byte[] pixels, int channel, int[] table) {
        for (int i = channel; i < pixels.length; i += 3) {
            pixels[i] = (byte) Math.min(table[pixels[i] & 255], 255);
        }
    }

    /**
     * Blends the image with a smoothed version.
     *
     * @param factor 0 or more; 0 gives the smoothed version, 1 keeps the image unchanged, more sharpens it
     */
    static RgbImage sharpness(RgbImage image, double factor) {
        byte[] in = image.pixels();
        byte[] out = in.clone(); // the smoothed version is equal to the image at the border
        int row = image.width() * 3;
        for (int y = 1; y < image.height() - 1; y++) {
            for (int i = y * row + 3; i < (y + 1) * row - 3; i++) {
                float sum = 0.5f + weighted(in, i + row, EDGE) + weighted(in, i, CENTER) + weighted(in, i - row, EDGE);
                out[i] = ColorJitter.blend((int) sum, in[i] & 255, (float) factor);
            }
        }
        return with(image, out);
    }

    private static float weighted(byte[] in, int i, float middle) {
        return (in[i - 3] & 255) * EDGE + (in[i] & 255) * middle + (in[i + 3] & 255) * EDGE;
    }

    private static RgbImage with(RgbImage image, byte[] pixels) {
        return new RgbImage(image.width(), image.height(), pixels);
    }
}
