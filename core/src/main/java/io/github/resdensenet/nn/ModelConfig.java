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
 */
public record ModelConfig(String name, int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize) {
    /** The architectures that can be built. */
    public static final List<String> NAMES = List.of("resdensenet");

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
