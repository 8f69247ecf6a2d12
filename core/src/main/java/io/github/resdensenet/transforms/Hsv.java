package io.github.resdensenet.transforms;

/** Conversion between RGB and HSV with 8 bits per channel, with the same results as Pillow. */
final class Hsv {
    private Hsv() {}

    /**
     * Returns the pixels with their hue shifted.
     *
     * @param rgb red, green and blue of each pixel
     * @param shift fraction of the colour circle, -0.5 to 0.5
     */
    static byte[] shiftHue(byte[] rgb, double shift) {
        int offset = (int) (shift * 255);
        byte[] out = new byte[rgb.length];
        for (int i = 0; i < rgb.length; i += 3) {
            int r = rgb[i] & 255;
            int g = rgb[i + 1] & 255;
            int b = rgb[i + 2] & 255;
            int value = Math.max(r, Math.max(g, b));
            int range = value - Math.min(r, Math.min(g, b));
            int saturation = value == 0 ? 0 : (int) ((float) range / value * 255.0);
            int hue = range == 0 ? 0 : hue(r, g, b, value, range);
            write(hue + offset & 255, saturation, value, out, i);
        }
        return out;
    }

    /** Returns the hue, 0 to 255, of a pixel that is not grey. The float arithmetic is Pillow's. */
    private static int hue(int r, int g, int b, int max, float range) {
        float red = (max - r) / range;
        float green = (max - g) / range;
        float blue = (max - b) / range;
        float sixths;
        if (r == max) {
            sixths = blue - green;
        } else if (g == max) {
            sixths = (float) (2.0 + red - blue);
        } else {
            sixths = (float) (4.0 + green - red);
        }
        double turns = sixths / 6.0 + 1; // 5/6 or more and less than 2
        float hue = (float) (turns >= 1 ? turns - 1 : turns);
        return Math.min((int) (hue * 255.0), 255);
    }

    /** Writes the RGB pixel of a colour in HSV. */
    private static void write(int hue, int saturation, int value, byte[] out, int at) {
        double sixths = hue * 6.0 / 255;
        int sector = (int) sixths; // 0 to 6
        float rest = (float) (sixths - sector);
        float s = (float) (saturation / 255.0);
        int low = (int) Math.round(value * (1.0 - s));
        int falling = (int) Math.round(value * (1.0 - s * rest));
        int rising = (int) Math.round(value * (1.0 - s * (1.0 - rest)));
        int[] rgb = switch (sector) {
            case 1 -> new int[] {falling, value, low};
            case 2 -> new int[] {low, value, rising};
            case 3 -> new int[] {low, falling, value};
            case 4 -> new int[] {rising, low, value};
            case 5 -> new int[] {value, low, falling};
            default -> new int[] {value, rising, low}; // 0 and 6
        };
        for (int c = 0; c < 3; c++) {
            out[at + c] = (byte) rgb[c];
        }
    }
}
