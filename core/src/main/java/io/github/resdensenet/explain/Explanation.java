package io.github.resdensenet.explain;

import io.github.resdensenet.explain.Explainer.Request;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.plot.AttributionFigure;
import io.github.resdensenet.predict.Prediction;
import java.util.Map;
import java.util.Optional;

/**
 * An attribution map for one image and one class.
 *
 * @param image the image at the network's input size
 * @param prediction prediction for the image
 * @param target index of the explained class
 * @param request the request, with defaults replaced by the values used
 * @param stageName name of the stage, or "" for occlusion
 * @param map evidence for the class
 */
public record Explanation(
        RgbImage image, Prediction prediction, int target, Request request, String stageName, HeatMap map) {
    /** Name of the explained class. */
    public String targetName() {
        return prediction.classes().get(target);
    }

    /** Predicted probability of the explained class, 0 to 1. */
    public double targetProbability() {
        return prediction.probabilities().get(target);
    }

    /** The image with the heatmap over it, at the network's input size. */
    public RgbImage overlay() {
        return overlay(1);
    }

    /** The image with the heatmap over it, at {@code scale} times the network's input size. */
    public RgbImage overlay(int scale) {
        RgbImage large = enlarged(scale);
        float[] heat = map.normalized().resized(large.width(), large.height()).values();
        return AttributionFigure.overlay(large, heat);
    }

    /** The image with every pixel repeated {@code scale} times in both directions. */
    public RgbImage enlarged(int scale) {
        if (scale < 1 || scale > 64) {
            throw new IllegalArgumentException("scale must be 1 to 64, got " + scale);
        }
        int width = image.width() * scale;
        int height = image.height() * scale;
        byte[] pixels = new byte[width * height * 3];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int from = (y / scale * image.width() + x / scale) * 3;
                System.arraycopy(image.pixels(), from, pixels, (y * width + x) * 3, 3);
            }
        }
        return new RgbImage(width, height, pixels);
    }

    /** The map as a grey-scale image at the network's input size: 255 is the largest value, 0 is no evidence. */
    public byte[] greyMap() {
        float[] heat = map.normalized().resized(image.width(), image.height()).values();
        byte[] grey = new byte[heat.length];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) Math.round(heat[i] * 255);
        }
        return grey;
    }

    /** One line with the class, its probability, the method and the size of the map. */
    public String caption() {
        return ExplanationText.caption(this);
    }

    /**
     * A figure with the image, the heatmap and the curves of the faithfulness check.
     *
     * @param name name of the image, for the title
     * @param check faithfulness check, if available
     */
    public AttributionFigure figure(String name, Optional<FaithfulnessCheck> check) {
        return ExplanationFigure.of(name, this, check);
    }

    /**
     * The fields of a JSON object: the prediction, the map at its own resolution and the faithfulness check.
     *
     * @param file image file, as given by the user
     * @param check faithfulness check, if available
     */
    public Map<String, Object> json(String file, Optional<FaithfulnessCheck> check) {
        return ExplanationText.json(file, this, check);
    }
}
