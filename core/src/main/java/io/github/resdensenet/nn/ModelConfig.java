package io.github.resdensenet.nn;

import java.util.List;

/**
 * Which network, and its sizes. The sizes are those of ResDenseNet; the other architectures have fixed ones.
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
    public static final List<String> NAMES = List.of("resdensenet", "densenet121", "resnet50v2");

    private static final String SIZED = "resdensenet";
    private static final int GROWTH_RATE = 32;
    private static final List<Integer> BLOCK_CONFIG = List.of(3, 4, 6, 4);
    private static final int INIT_FEATURES = 64;
    private static final int BN_SIZE = 4;

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
        List<String> fusions = name.equals(SIZED) ? FUSIONS : FUSIONS.subList(0, 1);
        if (!fusions.contains(fusion)) {
            throw new IllegalArgumentException(
                    "model.fusion must be one of " + fusions + " for " + name + ", got " + fusion);
        }
        if (!name.equals(SIZED)) {
            fixed(name, "growthRate", GROWTH_RATE, growthRate);
            fixed(name, "blockConfig", BLOCK_CONFIG, blockConfig);
            fixed(name, "numInitFeatures", INIT_FEATURES, numInitFeatures);
            fixed(name, "bnSize", BN_SIZE, bnSize);
        }
    }

    /** A configuration with the article's fusion. */
    public ModelConfig(String name, int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize) {
        this(name, growthRate, blockConfig, numInitFeatures, bnSize, "both");
    }

    private static void fixed(String name, String key, Object unset, Object value) {
        if (!value.equals(unset)) {
            throw new IllegalArgumentException("model." + key + " must be left at " + unset + " for " + name + ", only "
                    + SIZED + " has it, got " + value);
        }
    }

    private static void positive(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("model." + key + " must be positive, got " + value);
        }
    }

    /** The article's ResDenseNet. */
    public static ModelConfig resDenseNet() {
        return of(SIZED);
    }

    /**
     * An architecture in its own size.
     *
     * @param name one of {@link #NAMES}
     */
    public static ModelConfig of(String name) {
        return new ModelConfig(name, GROWTH_RATE, BLOCK_CONFIG, INIT_FEATURES, BN_SIZE);
    }

    /** The architecture's name as its paper writes it. */
    public String title() {
        return switch (name) {
            case "densenet121" -> "DenseNet121";
            case "resnet50v2" -> "ResNet50V2";
            default -> "ResDenseNet";
        };
    }
}
