package io.github.resdensenet.explain;

import java.util.Arrays;
import java.util.List;

/** Ways to find the parts of a picture that speak for a class. */
public enum Method {
    /**
     * Channels of a stage weighted by their mean gradient. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep
     * Networks via Gradient-based Localization" (ICCV 2017).
     */
    GRADCAM("gradcam", "Grad-CAM"),
    /**
     * Channels weighted by their positive gradients, so that several objects of a class are all marked. A. Chattopadhay et
     * al., "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks" (WACV 2018).
     */
    GRADCAM_PLUS_PLUS("gradcam++", "Grad-CAM++"),
    /**
     * Every place of every channel weighted by its own positive gradient, which suits early, finer stages. P. Jiang et al.,
     * "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization" (IEEE TIP 2021).
     */
    LAYERCAM("layercam", "LayerCAM"),
    /**
     * The probability that is lost where a grey patch hides the picture. M. Zeiler, R. Fergus, "Visualizing and
     * Understanding Convolutional Networks" (ECCV 2014).
     */
    OCCLUSION("occlusion", "Occlusion");

    private final String label;
    private final String title;

    Method(String label, String title) {
        this.label = label;
        this.title = title;
    }

    /** The name in commands and files. */
    public String label() {
        return label;
    }

    /** The name as its paper writes it. */
    public String title() {
        return title;
    }

    /** Whether it looks at one stage of the network. */
    public boolean looksAtStage() {
        return this != OCCLUSION;
    }

    /**
     * The method of a name.
     *
     * @throws IllegalArgumentException if there is none, listing all
     */
    public static Method of(String label) {
        return Arrays.stream(values())
                .filter(m -> m.label.equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("method must be one of " + labels() + ", got " + label));
    }

    /** All names. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Method::label).toList();
    }
}
