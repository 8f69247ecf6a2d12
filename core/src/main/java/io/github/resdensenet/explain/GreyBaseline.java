package io.github.resdensenet.explain;

import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.transforms.Normalize;

/** The baseline colour that hides pixels: the mean of the network's normalisation, rounded to bytes. */
record GreyBaseline(byte red, byte green, byte blue) {
    static GreyBaseline of(Normalize normalize) {
        byte[] mean = new byte[3];
        for (int c = 0; c < 3; c++) {
            mean[c] = (byte) Math.round(Math.max(0, Math.min(1, normalize.mean().get(c))) * 255);
        }
        return new GreyBaseline(mean[0], mean[1], mean[2]);
    }

    /** A copy of the image with a rectangle in the baseline colour, clipped to the image. */
    RgbImage hide(RgbImage image, int left, int top, int right, int bottom) {
        RgbImage copy =
                new RgbImage(image.width(), image.height(), image.pixels().clone());
        paint(copy, left, top, right, bottom);
        return copy;
    }

    /** Paints a rectangle into the image, clipped to the image. */
    void paint(RgbImage image, int left, int top, int right, int bottom) {
        byte[] pixels = image.pixels();
        for (int y = Math.max(0, top); y < Math.min(image.height(), bottom); y++) {
            for (int x = Math.max(0, left); x < Math.min(image.width(), right); x++) {
                int i = (y * image.width() + x) * 3;
                pixels[i] = red;
                pixels[i + 1] = green;
                pixels[i + 2] = blue;
            }
        }
    }
}
