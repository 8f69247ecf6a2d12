package io.github.resdensenet.nn;

/**
 * What an architecture is, in a few words each: what cannot be measured of a comparison of architectures.
 *
 * @param shortcut how layers are joined
 * @param featureReuse how much of what earlier layers made later ones can read
 * @param gradientPath the way of gradients past the convolutions
 * @param activation the order of normalisation, ReLU and convolution
 */
public record Traits(String shortcut, String featureReuse, String gradientPath, String activation) {
    private static final String PRE = "pre-activation (BN, ReLU, conv)";
    private static final String PRE_BUT_STEM = PRE + " but for the stem";

    /** The traits of a network. */
    public static Traits of(ModelConfig config) {
        return switch (config.name()) {
            case "resnet50v2" ->
                new Traits(
                        "add around each bottleneck",
                        "weak: earlier features only as a sum",
                        "identity of the additions",
                        PRE);
            case "densenet121" ->
                new Traits(
                        "concat of all layers of a block",
                        "strong: each layer reads all earlier ones of its block",
                        "through the concatenations",
                        PRE_BUT_STEM);
            default -> ofFusion(config.fusion());
        };
    }

    private static Traits ofFusion(String fusion) {
        String dense = "strong within a block, then compressed by a 1x1 convolution";
        return switch (fusion) {
            case "concat" ->
                new Traits("concat inside each block", dense, "concatenations inside blocks only", PRE_BUT_STEM);
            case "add" ->
                new Traits(
                        "add around each layer and each block",
                        "weak: earlier features only as a sum",
                        "identity of the additions",
                        PRE_BUT_STEM);
            case "none" ->
                new Traits("none", "none: each layer reads the one before", "none but the layers", PRE_BUT_STEM);
            case "stacked" ->
                new Traits(
                        "concat inside and add around each of several blocks a stage",
                        "strong within a block of " + Widths.LAYERS_OF_STACKED + " layers, then compressed",
                        "identity around blocks, concatenations inside",
                        PRE_BUT_STEM);
            default ->
                new Traits(
                        "concat inside each block, add around it",
                        dense,
                        "identity around blocks, concatenations inside",
                        PRE_BUT_STEM);
        };
    }
}
