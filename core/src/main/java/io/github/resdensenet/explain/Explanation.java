package io.github.resdensenet.explain;

import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.report.ColorMap;
import io.github.resdensenet.transforms.RgbImage;

/**
 * What speaks for a class in one picture.
 *
 * @param picture what the network saw, at the size of its input
 * @param prediction the answer for it
 * @param target index of the class whose evidence is marked
 * @param request what was asked; its stage is a number, its patch and stride those that were used
 * @param stageName name of the stage, or "" for occlusion
 * @param map the evidence
 */
public record Explanation(
        RgbImage picture, Prediction prediction, int target, Request request, String stageName, HeatMap map) {
    /** Share of the colour where the map is 0, and how much it gains to the map's largest value. */
    private static final double FAINTEST = 0.25;

    private static final double STRONGER = 0.45;

    /** Name of the class whose evidence is marked. */
    public String targetName() {
        return prediction.classes().get(target);
    }

    /** Probability of that class, 0 to 1. */
    public double targetProbability() {
        return prediction.probabilities().get(target);
    }

    /** The picture with the map's colours over it, at the size of the network's input. */
    public RgbImage overlay() {
        return overlay(1);
    }

    /** The picture with the map's colours over it, {@code scale} times the size of the network's input. */
    public RgbImage overlay(int scale) {
        RgbImage large = enlarged(scale);
        float[] heat = map.normalized().resized(large.width(), large.height()).values();
        byte[] pixels = large.pixels().clone();
        for (int i = 0; i < heat.length; i++) {
            int color = ColorMap.rgb(heat[i]);
            double share = FAINTEST + STRONGER * heat[i];
            for (int c = 0; c < 3; c++) {
                int over = color >> (16 - 8 * c) & 255;
                int under = pixels[3 * i + c] & 255;
                pixels[3 * i + c] = (byte) Math.round(under + (over - under) * share);
            }
        }
        return new RgbImage(large.width(), large.height(), pixels);
    }

    /** The picture with every pixel {@code scale} times as wide and high. */
    public RgbImage enlarged(int scale) {
        if (scale < 1 || scale > 64) {
            throw new IllegalArgumentException("scale must be 1 to 64, got " + scale);
        }
        int width = picture.width() * scale;
        int height = picture.height() * scale;
        byte[] pixels = new byte[width * height * 3];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int from = (y / scale * picture.width() + x / scale) * 3;
                System.arraycopy(picture.pixels(), from, pixels, (y * width + x) * 3, 3);
            }
        }
        return new RgbImage(width, height, pixels);
    }

    /** The map as bytes of grey at the size of the network's input: 255 is its largest value, 0 no evidence. */
    public byte[] greyMap() {
        float[] heat =
                map.normalized().resized(picture.width(), picture.height()).values();
        byte[] grey = new byte[heat.length];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) Math.round(heat[i] * 255);
        }
        return grey;
    }
}
