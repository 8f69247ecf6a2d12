package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Randomly changes the brightness, contrast and saturation of an image, in random order.
 *
 * <p>Each factor is uniform in [max(0, 1 - amount), 1 + amount]. Each change gives the same pixels as Pillow's
 * {@code ImageEnhance}, which torchvision's {@code ColorJitter} uses for Pillow images.
 *
 * @param brightness amount for brightness, 0 or more; 0 disables the change
 * @param contrast amount for contrast, 0 or more; 0 disables the change
 * @param saturation amount for saturation, 0 or more; 0 disables the change
 */
record ColorJitter(double brightness, double contrast, double saturation) implements Transform {
    /** The property of the image that changes. */
    public enum Step {
        /** Blends the image with black. */
        BRIGHTNESS,
        /** Blends the image with its mean grey level. */
        CONTRAST,
        /** Blends the image with its grey-scale version. */
        SATURATION
    }

    /**
     * One change of an image.
     *
     * @param step the property that changes
     * @param factor 0 or more; 1 keeps the image unchanged
     */
    public record Adjustment(Step step, double factor) {}

    /** Checks that all amounts are finite and at least 0. */
    public ColorJitter {
        check("brightness", brightness);
        check("contrast", contrast);
        check("saturation", saturation);
    }

    private static void check(String name, double amount) {
        if (!(amount >= 0 && amount < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("augment." + name + " must be 0 or more, got " + amount);
        }
    }

    /** Draws the factors and the order of the changes. */
    public List<Adjustment> sample(KeyedRandom random) {
        double[] amounts = {brightness, contrast, saturation};
        List<Adjustment> adjustments = new ArrayList<>();
        for (int i : random.permutation(3)) {
            if (amounts[i] > 0) {
                double factor = random.nextDouble(Math.max(0, 1 - amounts[i]), 1 + amounts[i]);
                adjustments.add(new Adjustment(Step.values()[i], factor));
            }
        }
        return adjustments;
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random));
    }

    /** Applies changes in the given order. The input image stays unchanged. */
    public static RgbImage apply(RgbImage image, List<Adjustment> adjustments) {
        byte[] pixels = image.pixels();
        byte[] table = identity(); // pending changes, which map each byte independently of its position
        for (Adjustment adjustment : adjustments) {
            float factor = (float) adjustment.factor();
            switch (adjustment.step()) {
                case BRIGHTNESS -> blendAll(0, factor, table);
                case CONTRAST -> blendAll(meanLuma(pixels, table), factor, table);
                case SATURATION -> {
                    pixels = saturate(pixels, table, factor);
                    table = identity();
                }
            }
        }
        boolean unchanged = Arrays.equals(table, identity());
        return new RgbImage(image.width(), image.height(), unchanged ? pixels : mapped(pixels, table));
    }

    private static byte[] identity() {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = (byte) v;
        }
        return table;
    }

    private static void blendAll(int grey, float factor, byte[] table) {
        for (int v = 0; v < 256; v++) {
            table[v] = blend(grey, table[v] & 255, factor);
        }
    }

    private static byte[] mapped(byte[] pixels, byte[] table) {
        byte[] out = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            out[i] = table[pixels[i] & 255];
        }
        return out;
    }

    private static byte[] saturate(byte[] pixels, byte[] table, float factor) {
        byte[] out = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i += 3) {
            int r = table[pixels[i] & 255] & 255;
            int g = table[pixels[i + 1] & 255] & 255;
            int b = table[pixels[i + 2] & 255] & 255;
            int luma = luma(r, g, b);
            out[i] = blend(luma, r, factor);
            out[i + 1] = blend(luma, g, factor);
            out[i + 2] = blend(luma, b, factor);
        }
        return out;
    }

    /** Returns a + factor * (b - a), clipped to 0 to 255 and truncated, as Pillow's Image.blend. */
    private static byte blend(int a, int b, float factor) {
        int value = (int) (a + factor * (b - a));
        return (byte) (value < 0 ? 0 : value > 255 ? 255 : value);
    }

    private static int meanLuma(byte[] pixels, byte[] table) {
        long sum = 0;
        for (int i = 0; i < pixels.length; i += 3) {
            int r = table[pixels[i] & 255] & 255;
            int g = table[pixels[i + 1] & 255] & 255;
            int b = table[pixels[i + 2] & 255] & 255;
            sum += luma(r, g, b);
        }
        return (int) (sum * 3.0 / pixels.length + 0.5);
    }

    /** Returns the ITU-R 601 luma in 16-bit fixed point, as Pillow's conversion to mode L. */
    private static int luma(int r, int g, int b) {
        return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    }

    @Override
    public String toString() {
        return "ColorJitter(brightness=" + range(brightness) + ", contrast=" + range(contrast) + ", saturation="
                + range(saturation) + ", hue=None)";
    }

    private static String range(double amount) {
        return amount == 0 ? "None" : "(" + bound(Math.max(0, 1 - amount)) + ", " + bound(1 + amount) + ")";
    }

    private static String bound(double value) {
        return Double.toString(Math.round(value * 1e9) / 1e9);
    }
}
