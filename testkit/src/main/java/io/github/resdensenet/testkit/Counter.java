package io.github.resdensenet.testkit;

import java.nio.charset.StandardCharsets;

/** Generates pseudorandom values that depend only on a name and a position, identical to fixtures/counter.py. */
public final class Counter {
    private Counter() {}

    private static long fnv1a(String name) {
        long h = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            h = (h ^ (b & 0xFF)) * 0x100000001B3L;
        }
        return h;
    }

    private static long bits(long base, long position) {
        long z = base + (position + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns {@code count} values in [-1, 1). */
    public static double[] uniform(String name, int count) {
        long base = fnv1a(name);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (bits(base, i) >>> 11) * 0x1.0p-52 - 1;
        }
        return values;
    }

    /**
     * Returns the RGB bytes of an image with random blocks and noise, shape [height, width, 3].
     *
     * @param grey whether all three channels are equal
     */
    public static byte[] image(String name, int height, int width, boolean grey) {
        int channels = grey ? 1 : 3;
        int across = width / 5 + 1;
        long coarse = fnv1a(name + "/coarse");
        long noise = fnv1a(name + "/noise");
        byte[] rgb = new byte[height * width * 3];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    int channel = grey ? 0 : c;
                    long block = bits(coarse, ((long) (y / 5) * across + x / 5) * channels + channel) >>> 56;
                    long grain = bits(noise, ((long) y * width + x) * channels + channel) >>> 60;
                    rgb[(y * width + x) * 3 + c] = (byte) Math.min(255, block + grain);
                }
            }
        }
        return rgb;
    }
}
