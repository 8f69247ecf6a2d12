package io.github.resdensenet.explain;

import java.util.Arrays;
import java.util.List;

/** Attribution methods. */
public enum Method {
    /**
     * Weights the channels of a stage by their mean gradient. R. Selvaraju et al., "Grad-CAM: Visual Explanations from
     * Deep Networks via Gradient-based Localization" (ICCV 2017).
     */
    GRADCAM("gradcam", "Grad-CAM"),
    /**
     * Weights the channels by their positive gradients, which finds several objects of a class. A. Chattopadhay et al.,
     * "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks" (WACV 2018).
     */
    GRADCAM_PLUS_PLUS("gradcam++", "Grad-CAM++"),
    /**
     * Weights each position of each channel by its own positive gradient, which suits early stages. P. Jiang et al.,
     * "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization" (IEEE TIP 2021).
     */
    LAYERCAM("layercam", "LayerCAM"),
    /**
     * Measures the drop in probability while a grey patch hides a part of the image. M. Zeiler, R. Fergus, "Visualizing
     * and Understanding Convolutional Networks" (ECCV 2014).
     */
    OCCLUSION("occlusion", "Occlusion");

    private final String label;
    private final String title;

    Method(String label, String title) {
        this.label = label;
        this.title = title;
    }

    /** The name in commands and file names. */
    public String label() {
        return label;
    }

    /** The name as in the paper. */
    public String title() {
        return title;
    }

    /** Whether the method uses the feature map of a network stage. */
    public boolean looksAtStage() {
        return this != OCCLUSION;
    }

    /**
     * The method with the given label.
     *
     * @throws IllegalArgumentException if there is no such method; the message lists all labels
     */
    public static Method of(String label) {
        return Arrays.stream(values())
                .filter(m -> m.label.equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("method must be one of " + labels() + ", got " + label));
    }

    /** The labels of all methods. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Method::label).toList();
    }
}
