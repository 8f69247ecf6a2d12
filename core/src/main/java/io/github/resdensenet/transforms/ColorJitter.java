package io.github.resdensenet.transforms;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Changes brightness, contrast and saturation by random factors, each uniform in [max(0, 1 - amount), 1 + amount], in
 * random order. An amount of 0 leaves that step out. Each step equals Pillow's ImageEnhance.
 */
public record ColorJitter(double brightness, double contrast, double saturation) implements Transform {
    /** One of the three changes. */
    public enum Step {
        /** Towards black. */
        BRIGHTNESS,
        /** Towards the mean grey of the picture. */
        CONTRAST,
        /** Towards the grey version of the picture. */
        SATURATION
    }

    /** A change that was drawn: factor 1 leaves the picture as it is. */
    public record Adjustment(Step step, double factor) {}

    /** Checks the amounts. */
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

    /** Draws the factors and their order. */
    public List<Adjustment> sample(KeyedRandom random) {
        double[] amounts = {brightness, contrast, saturation};
        List<Adjustment> drawn = new ArrayList<>();
        for (int i : random.permutation(3)) {
            if (amounts[i] > 0) {
                double factor = random.nextDouble(Math.max(0, 1 - amounts[i]), 1 + amounts[i]);
                drawn.add(new Adjustment(Step.values()[i], factor));
            }
        }
        return drawn;
    }

    @Override
    public RgbImage apply(RgbImage image, KeyedRandom random) {
        return apply(image, sample(random));
    }

    /** Makes the given changes, in order. */
    public static RgbImage apply(RgbImage image, List<Adjustment> adjustments) {
        byte[] pixels = image.pixels();
        byte[] table = identity(); // what the changes not yet made would make of each byte
        for (Adjustment adjustment : adjustments) {
            float factor = (float) adjustment.factor();
            switch (adjustment.step()) {
                case BRIGHTNESS -> towards(0, factor, table);
                case CONTRAST -> towards(meanLuma(pixels, table), factor, table);
                case SATURATION -> {
                    pixels = saturate(pixels, table, factor);
                    table = identity();
                }
            }
        }
        boolean done = Arrays.equals(table, identity());
        return new RgbImage(image.width(), image.height(), done ? pixels : mapped(pixels, table));
    }

    private static byte[] identity() {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = (byte) v;
        }
        return table;
    }

    private static void towards(int grey, float factor, byte[] table) {
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

    /** a + factor (b - a), clipped to a byte, cut and not rounded, as Pillow's Image.blend. */
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

    /** ITU-R 601 luma in 16-bit fixed point, as Pillow's conversion to mode L. */
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
