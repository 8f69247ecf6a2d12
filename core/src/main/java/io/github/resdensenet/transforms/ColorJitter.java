package io.github.resdensenet.transforms;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.util.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Randomly changes the brightness, contrast, saturation and hue of an image, in random order.
 *
 * <p>The factors of brightness, contrast and saturation are uniform in [max(0, 1 - amount), 1 + amount]. The shift of
 * the hue is uniform in [-amount, amount]. Each change gives the same pixels as Pillow's {@code ImageEnhance} and
 * conversion to HSV, which torchvision's {@code ColorJitter} uses for Pillow images.
 *
 * @param brightness amount for brightness, 0 or more; 0 disables the change
 * @param contrast amount for contrast, 0 or more; 0 disables the change
 * @param saturation amount for saturation, 0 or more; 0 disables the change
 * @param hue amount for hue as a fraction of the colour circle, 0 to 0.5; 0 disables the change
 */
record ColorJitter(double brightness, double contrast, double saturation, double hue) implements Transform {
    /** The property of the image that changes. */
    public enum Step {
        /** Blends the image with black. */
        BRIGHTNESS,
        /** Blends the image with its mean grey level. */
        CONTRAST,
        /** Blends the image with its grey-scale version. */
        SATURATION,
        /** Turns the colour circle. */
        HUE
    }

    /**
     * One change of an image.
     *
     * @param step the property that changes
     * @param factor 0 or more, where 1 keeps the image unchanged; for the hue, the shift as a fraction of the colour
     *     circle, -0.5 to 0.5
     */
    public record Adjustment(Step step, double factor) {}

    /**
     * Checks that all amounts are finite and at least 0, and that the amount for hue is at most 0.5.
     *
     * @throws IllegalArgumentException if an amount is outside its range
     */
    public ColorJitter {
        check("brightness", brightness);
        check("contrast", contrast);
        check("saturation", saturation);
        Ranges.check("hue", hue, 0, 0.5);
    }

    /** Creates a jitter that keeps the hue. */
    public ColorJitter(double brightness, double contrast, double saturation) {
        this(brightness, contrast, saturation, 0);
    }

    private static void check(String name, double amount) {
        if (!(amount >= 0 && amount < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("augment." + name + " must be 0 or more, got " + amount);
        }
    }

    /** Draws the factors and the order of the changes. */
    public List<Adjustment> sample(KeyedRandom random) {
        double[] amounts = {brightness, contrast, saturation, hue};
        List<Adjustment> adjustments = new ArrayList<>();
        // Without hue, only three changes are ordered: how many numbers are drawn decides later random changes.
        for (int i : random.permutation(hue > 0 ? 4 : 3)) {
            if (amounts[i] > 0) {
                Step step = Step.values()[i];
                double low = step == Step.HUE ? -hue : Math.max(0, 1 - amounts[i]);
                adjustments.add(new Adjustment(step, random.nextDouble(low, step == Step.HUE ? hue : 1 + amounts[i])));
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
                case HUE -> {
                    pixels = Hsv.shiftHue(mapped(pixels, table), adjustment.factor());
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

    /** Returns {@code table[v]} for every byte {@code v}. */
    static byte[] mapped(byte[] pixels, byte[] table) {
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
    static byte blend(int a, int b, float factor) {
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
                + range(saturation) + ", hue=" + (hue == 0 ? "None" : "(" + -hue + ", " + hue + ")") + ")";
    }

    private static String range(double amount) {
        return amount == 0
                ? "None"
                : "(" + Ranges.bound(Math.max(0, 1 - amount)) + ", " + Ranges.bound(1 + amount) + ")";
    }
}
