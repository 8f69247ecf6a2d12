package io.github.resdensenet.nn;

import java.util.List;

/**
 * Which network, and its sizes.
 *
 * @param name the architecture, one of {@link #NAMES}
 * @param growthRate new channels a dense layer makes
 * @param blockConfig dense layers in each stage
 * @param numInitFeatures channels after the stem
 * @param bnSize width of the bottleneck in growth rates
 * @param fusion how a ResDenseNet joins its layers, one of {@link #FUSIONS}; "both" for other architectures
 */
public record ModelConfig(
        String name, int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize, String fusion) {
    /** The architectures that can be built. */
    public static final List<String> NAMES = List.of("resdensenet");

    /** The article's fusion of ResDenseNet, and what it is compared with at as many parameters. */
    public static final List<String> FUSIONS = List.of("both", "concat", "add", "none", "stacked");

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException naming the first value that is out of range
     */
    public ModelConfig {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException("model.name must be one of " + NAMES + ", got " + name);
        }
        positive("growthRate", growthRate);
        positive("numInitFeatures", numInitFeatures);
        positive("bnSize", bnSize);
        blockConfig = List.copyOf(blockConfig);
        if (blockConfig.isEmpty()
                || blockConfig.size() > 8
                || blockConfig.stream().anyMatch(n -> n < 1)) {
            throw new IllegalArgumentException(
                    "model.blockConfig must be 1 to 8 positive numbers of layers, got " + blockConfig);
        }
        List<String> fusions = name.equals("resdensenet") ? FUSIONS : FUSIONS.subList(0, 1);
        if (!fusions.contains(fusion)) {
            throw new IllegalArgumentException(
                    "model.fusion must be one of " + fusions + " for " + name + ", got " + fusion);
        }
    }

    /** A configuration with the article's fusion. */
    public ModelConfig(String name, int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize) {
        this(name, growthRate, blockConfig, numInitFeatures, bnSize, "both");
    }

    private static void positive(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("model." + key + " must be positive, got " + value);
        }
    }

    /** The article's ResDenseNet. */
    public static ModelConfig resDenseNet() {
        return new ModelConfig("resdensenet", 32, List.of(3, 4, 6, 4), 64, 4);
    }

    /** The architecture's name as its paper writes it. */
    public String title() {
        return "ResDenseNet";
    }
}
