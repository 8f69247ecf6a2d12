package io.github.resdensenet.explain;

import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.RgbImage;

/** The colour that is nothing to a network: the mean of its normalisation, to the nearest byte. */
record Grey(byte red, byte green, byte blue) {
    static Grey of(Normalize normalize) {
        byte[] mean = new byte[3];
        for (int c = 0; c < 3; c++) {
            mean[c] = (byte) Math.round(Math.max(0, Math.min(1, normalize.mean().get(c))) * 255);
        }
        return new Grey(mean[0], mean[1], mean[2]);
    }

    /** The picture with a rectangle painted over; what lies outside of the picture is left out. */
    RgbImage hide(RgbImage picture, int left, int top, int right, int bottom) {
        RgbImage copy =
                new RgbImage(picture.width(), picture.height(), picture.pixels().clone());
        paint(copy, left, top, right, bottom);
        return copy;
    }

    /** Paints a rectangle into a picture. */
    void paint(RgbImage picture, int left, int top, int right, int bottom) {
        byte[] pixels = picture.pixels();
        for (int y = Math.max(0, top); y < Math.min(picture.height(), bottom); y++) {
            for (int x = Math.max(0, left); x < Math.min(picture.width(), right); x++) {
                int i = (y * picture.width() + x) * 3;
                pixels[i] = red;
                pixels[i + 1] = green;
                pixels[i + 2] = blue;
            }
        }
    }
}
