package io.github.resdensenet.nn;

import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.nn.ablation.Widths;
import io.github.resdensenet.util.Choices;
import io.github.resdensenet.util.Text;
import java.util.List;
import java.util.Locale;

/**
 * Which network, and its sizes. Only ResDenseNet has sizes to choose; for the other architectures,
 * which are fixed, the sizes are ResDenseNet's defaults and mean nothing.
 *
 * @param name the architecture
 * @param growthRate new channels per dense layer
 * @param blockConfig dense layers in each stage
 * @param numInitFeatures channels after the stem; fusion stacked has fewer
 * @param bnSize width of the bottleneck, in growth rates; add, none and stacked choose other widths, to match the
 *     parameters
 * @param fusion how a ResDenseNet joins its layers; {@link Fusion#BOTH} for the other architectures
 */
public record ModelConfig(
        Architecture name, int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize, Fusion fusion) {
    private static final int MAX_LAYERS = 500;
    private static final double MAX_PARAMETERS = 1e9;
    /** Weight, gradient and two moments of the optimiser in float32. */
    private static final int TRAINING_BYTES = 16;

    private static final int GROWTH_RATE = 32;
    private static final List<Integer> BLOCK_CONFIG = List.of(3, 4, 6, 4);
    private static final int INIT_FEATURES = 64;
    private static final int BN_SIZE = 4;

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException naming the first value that is out of range
     */
    public ModelConfig {
        positive("growthRate", growthRate);
        positive("numInitFeatures", numInitFeatures);
        positive("bnSize", bnSize);
        blockConfig = List.copyOf(blockConfig);
        if (blockConfig.isEmpty()
                || blockConfig.size() > 8
                || blockConfig.stream().anyMatch(n -> n < 1 || n > MAX_LAYERS)) {
            throw new IllegalArgumentException("model.blockConfig must be 1 to 8 numbers of layers, each from 1 to "
                    + MAX_LAYERS + ", got " + Text.shorten(blockConfig));
        }
        double parameters = parameters(growthRate, blockConfig, numInitFeatures, bnSize);
        if (parameters > MAX_PARAMETERS) {
            throw tooLarge(
                    parameters, String.format(Locale.ROOT, "at most %.3g parameters are allowed", MAX_PARAMETERS));
        }
        if (name != Architecture.RESDENSENET) {
            if (fusion != Fusion.BOTH) {
                throw new IllegalArgumentException(
                        "model.fusion must be one of [both] for " + name + ", got " + Choices.label(fusion));
            }
            fixed(name, "growthRate", GROWTH_RATE, growthRate);
            fixed(name, "blockConfig", BLOCK_CONFIG, blockConfig);
            fixed(name, "numInitFeatures", INIT_FEATURES, numInitFeatures);
            fixed(name, "bnSize", BN_SIZE, bnSize);
        }
    }

    /** Estimates the parameters before anything is allocated. */
    private static double parameters(int growthRate, List<Integer> blockConfig, double features, double bnSize) {
        double parameters = 0;
        double channels = features;
        for (int layers : blockConfig) {
            double wide = channels + (double) layers * growthRate;
            double bottleneck = bnSize * growthRate;
            parameters += layers * bottleneck * ((channels + wide) / 2 + 9.0 * growthRate) + wide * channels;
            parameters += 2 * channels * channels;
            channels *= 2;
        }
        return parameters;
    }

    /**
     * Checks that the weights, their gradients and the optimiser's state fit into memory, before anything is allocated.
     *
     * @param memory memory of the machine in bytes; 0 if it is unknown
     * @throws IllegalArgumentException naming the number of parameters and the memory
     */
    public void requireMemory(long memory) {
        double parameters = parameters(growthRate, blockConfig, numInitFeatures, bnSize);
        if (memory > 0 && parameters * TRAINING_BYTES > memory) {
            throw tooLarge(parameters, String.format(Locale.ROOT, "this machine has %.3g GB", memory / 1e9));
        }
    }

    private static IllegalArgumentException tooLarge(double parameters, String limit) {
        return new IllegalArgumentException(String.format(
                Locale.ROOT,
                "model: this network would have %.3g parameters and need %.3g GB for training; %s",
                parameters,
                parameters * TRAINING_BYTES / 1e9,
                limit));
    }

    private static void fixed(Architecture name, String key, Object unset, Object value) {
        if (!value.equals(unset)) {
            throw new IllegalArgumentException("model." + key + " must be left at " + unset + " for " + name + ", only "
                    + Architecture.RESDENSENET + " has it, got " + value);
        }
    }

    private static void positive(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("model." + key + " must be positive, got " + value);
        }
    }

    /** The article's ResDenseNet. */
    public static ModelConfig resDenseNet() {
        return of(Architecture.RESDENSENET);
    }

    /** A ResDenseNet of another size, with the article's fusion. */
    public static ModelConfig resDenseNet(int growthRate, List<Integer> blockConfig, int numInitFeatures, int bnSize) {
        return new ModelConfig(Architecture.RESDENSENET, growthRate, blockConfig, numInitFeatures, bnSize, Fusion.BOTH);
    }

    /** An architecture in its own size. */
    public static ModelConfig of(Architecture name) {
        return new ModelConfig(name, GROWTH_RATE, BLOCK_CONFIG, INIT_FEATURES, BN_SIZE, Fusion.BOTH);
    }

    /** The architecture's name in print. */
    public String title() {
        return name.title();
    }

    /** The sizes that a fusion's widths are matched to. */
    Widths.Sizes sizes() {
        return new Widths.Sizes(growthRate, blockConfig, numInitFeatures, bnSize);
    }

    /** The networks that can be built. */
    public enum Architecture {
        /** The article's network. */
        RESDENSENET("ResDenseNet"),
        /** DenseNet-121 as torchvision defines it. */
        DENSENET121("DenseNet121"),
        /** ResNet-50 v2 as Keras defines it. */
        RESNET50V2("ResNet50V2");

        private final String title;

        Architecture(String title) {
            this.title = title;
        }

        /** Reads a name as in recipes, for instance "densenet121". */
        public static Architecture of(String name) {
            return Choices.parse(Architecture.class, "model.name", name);
        }

        /** The name in print. */
        public String title() {
            return title;
        }

        /** The name in recipes, manifests and on the command line. */
        @Override
        public String toString() {
            return Choices.label(this);
        }
    }
}
