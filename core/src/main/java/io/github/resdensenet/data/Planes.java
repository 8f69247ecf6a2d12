package io.github.resdensenet.data;

import io.github.resdensenet.transforms.RandomErasing.Region;
import java.nio.FloatBuffer;

/** Images as three planes of normalised values. */
final class Planes {
    private Planes() {}

    /** Normalises an image [H, W, 3] and writes it as three planes from position {@code at} on, by way of one plane. */
    static void fill(byte[] image, float[][] table, float[] plane, FloatBuffer to, int at) {
        for (int c = 0; c < 3; c++) {
            float[] row = table[c];
            for (int i = 0, from = c; i < plane.length; i++, from += 3) {
                plane[i] = row[image[from] & 255];
            }
            to.put(at + c * plane.length, plane);
        }
    }

    /** Sets a region of the image [3, size, size] at position {@code at} to 0. */
    static void erase(FloatBuffer pixels, int at, int size, Region region) {
        float[] zeros = new float[region.width()];
        for (int c = 0; c < 3; c++) {
            for (int y = region.top(); y < region.top() + region.height(); y++) {
                pixels.put(at + (c * size + y) * size + region.left(), zeros);
            }
        }
    }
}
