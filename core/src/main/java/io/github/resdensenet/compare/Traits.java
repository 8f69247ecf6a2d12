package io.github.resdensenet.compare;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.nn.ablation.Widths;

/**
 * Short descriptions of an architecture, for the properties that cannot be measured.
 *
 * @param shortcut how shortcuts join layers
 * @param featureReuse how later layers access the features of earlier layers
 * @param gradientPath path of the gradients around the convolutions
 * @param activation order of normalisation, ReLU and convolution
 */
record Traits(String shortcut, String featureReuse, String gradientPath, String activation) {
    private static final String PRE = "pre-activation (BN, ReLU, conv)";
    private static final String PRE_BUT_STEM = PRE + ", except the stem";

    /** The description of a network. */
    static Traits of(ModelConfig config) {
        return switch (config.name()) {
            case RESNET50V2 ->
                new Traits(
                        "addition around each bottleneck",
                        "weak: earlier features only as a sum",
                        "identity shortcuts",
                        PRE);
            case DENSENET121 ->
                new Traits(
                        "concatenation of all layers in a block",
                        "strong: each layer reads all earlier layers of its block",
                        "through the concatenations",
                        PRE_BUT_STEM);
            case RESDENSENET -> ofFusion(config.fusion());
        };
    }

    private static Traits ofFusion(Fusion fusion) {
        String dense = "strong within a block, then compressed by a 1x1 convolution";
        return switch (fusion) {
            case CONCAT ->
                new Traits("concatenation inside each block", dense, "concatenations inside blocks only", PRE_BUT_STEM);
            case ADD ->
                new Traits(
                        "addition around each layer and each block",
                        "weak: earlier features only as a sum",
                        "identity shortcuts",
                        PRE_BUT_STEM);
            case NONE ->
                new Traits(
                        "none",
                        "none: each layer reads only the previous layer",
                        "only through the layers",
                        PRE_BUT_STEM);
            case STACKED ->
                new Traits(
                        "concatenation inside and addition around each of several blocks per stage",
                        "strong within a block of " + Widths.LAYERS_OF_STACKED + " layers, then compressed",
                        "identity around blocks, concatenations inside",
                        PRE_BUT_STEM);
            case BOTH ->
                new Traits(
                        "concatenation inside each block, addition around it",
                        dense,
                        "identity around blocks, concatenations inside",
                        PRE_BUT_STEM);
        };
    }
}
