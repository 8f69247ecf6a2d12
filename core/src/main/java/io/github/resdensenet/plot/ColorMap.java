package io.github.resdensenet.plot;

/**
 * The colour map of heatmaps, from dark violet over red and orange to light yellow. Lightness increases linearly, so
 * the order of values stays visible in grey-scale print and with colour vision deficiency.
 *
 * <p>The colours are defined in CIE L*C*h. Lightness and hue are linear in the value. Chroma follows a sine arc and is
 * reduced where sRGB cannot show it.
 */
final class ColorMap {
    private static final double DARKEST = 10;
    private static final double LIGHTEST = 95;
    private static final double FIRST_HUE = 300;
    private static final double LAST_HUE = 465; // 105 degrees plus a full turn
    private static final double MIN_CHROMA = 40;
    private static final double MAX_CHROMA = 85;
    private static final int[] TABLE = table();

    private ColorMap() {}

    /** The colour of a value as 0xRRGGBB. Values outside of 0 to 1 are clamped. */
    public static int rgb(double value) {
        return TABLE[(int) Math.round(Math.max(0, Math.min(1, value)) * 255)];
    }

    private static int[] table() {
        int[] colors = new int[256];
        for (int i = 0; i < 256; i++) {
            double t = i / 255.0;
            double lightness = DARKEST + (LIGHTEST - DARKEST) * t;
            double hue = Math.toRadians(FIRST_HUE + (LAST_HUE - FIRST_HUE) * t);
            double chroma = MIN_CHROMA + (MAX_CHROMA - MIN_CHROMA) * Math.sin(Math.PI * t);
            double[] linear = linearRgb(lightness, chroma, hue);
            while (!inside(linear)) {
                chroma -= 0.25;
                linear = linearRgb(lightness, chroma, hue);
            }
            colors[i] = gamma(linear[0]) << 16 | gamma(linear[1]) << 8 | gamma(linear[2]);
        }
        return colors;
    }

    private static boolean inside(double[] linear) {
        for (double v : linear) {
            if (v < 0 || v > 1) {
                return false;
            }
        }
        return true;
    }

    /** CIE L*C*h under D65 to linear sRGB. */
    private static double[] linearRgb(double lightness, double chroma, double hue) {
        double fy = (lightness + 16) / 116;
        double x = 0.95047 * cube(fy + chroma * Math.cos(hue) / 500);
        double y = cube(fy);
        double z = 1.08883 * cube(fy - chroma * Math.sin(hue) / 200);
        return new double[] {
            3.2406 * x - 1.5372 * y - 0.4986 * z,
            -0.9689 * x + 1.8758 * y + 0.0415 * z,
            0.0557 * x - 0.2040 * y + 1.0570 * z
        };
    }

    private static double cube(double f) {
        double linear = 6 / 29.0;
        return f > linear ? f * f * f : 3 * linear * linear * (f - 4 / 29.0);
    }

    private static int gamma(double linear) {
        double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
        return (int) Math.round(255 * v);
    }
}
