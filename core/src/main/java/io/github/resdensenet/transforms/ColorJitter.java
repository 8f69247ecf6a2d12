package io.github.resdensenet.transforms;

import java.util.ArrayList;
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
        if (adjustments.isEmpty()) {
            return image;
        }
        byte[] pixels = image.pixels().clone();
        for (Adjustment adjustment : adjustments) {
            float factor = (float) adjustment.factor();
            switch (adjustment.step()) {
                case BRIGHTNESS -> towards(pixels, 0, factor);
                case CONTRAST -> towards(pixels, meanLuma(pixels), factor);
                case SATURATION -> saturate(pixels, factor);
            }
        }
        return new RgbImage(image.width(), image.height(), pixels);
    }

    private static void towards(byte[] pixels, int grey, float factor) {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = blend(grey, v, factor);
        }
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = table[pixels[i] & 255];
        }
    }

    private static void saturate(byte[] pixels, float factor) {
        for (int i = 0; i < pixels.length; i += 3) {
            int luma = luma(pixels, i);
            pixels[i] = blend(luma, pixels[i] & 255, factor);
            pixels[i + 1] = blend(luma, pixels[i + 1] & 255, factor);
            pixels[i + 2] = blend(luma, pixels[i + 2] & 255, factor);
        }
    }

    /** a + factor (b - a), clipped to a byte, cut and not rounded, as Pillow's Image.blend. */
    private static byte blend(int a, int b, float factor) {
        float value = a + factor * (b - a);
        return (byte) (value <= 0 ? 0 : value >= 255 ? 255 : (int) value);
    }

    private static int meanLuma(byte[] pixels) {
        long sum = 0;
        for (int i = 0; i < pixels.length; i += 3) {
            sum += luma(pixels, i);
        }
        return (int) (sum * 3.0 / pixels.length + 0.5);
    }

    /** ITU-R 601 luma in 16-bit fixed point, as Pillow's conversion to mode L. */
    private static int luma(byte[] pixels, int i) {
        int sum = (pixels[i] & 255) * 19595 + (pixels[i + 1] & 255) * 38470 + (pixels[i + 2] & 255) * 7471;
        return (sum + 0x8000) >> 16;
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
