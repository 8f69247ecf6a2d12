package io.github.resdensenet.nn;

import io.github.resdensenet.nn.ablation.Fusion;

/** Creates models with random initialisation. */
public final class Models {
    private Models() {}

    /**
     * Creates a model in training mode on the CPU.
     *
     * <p>This method seeds libtorch's default generator and draws the weights in PyTorch's order. The article's PyTorch
     * model and torchvision's DenseNet-121, if created after {@code torch.manual_seed(seed)}, have the same weights up
     * to rounding.
     *
     * @param numClasses number of classes
     * @param seed seed of the random weights
     * @throws IllegalArgumentException if numClasses is not positive
     */
    public static ImageClassifier create(ModelConfig config, int numClasses, long seed) {
        NativeSettings.ensure();
        Init.seed(seed);
        return create(config, numClasses);
    }

    /**
     * Creates a model on the CPU whose weights must all be loaded; until then, their values are undefined.
     *
     * @param numClasses number of classes
     * @throws IllegalArgumentException if numClasses is not positive
     */
    public static ImageClassifier createWithoutWeights(ModelConfig config, int numClasses) {
        NativeSettings.ensure();
        return Init.skipped(() -> create(config, numClasses));
    }

    private static ImageClassifier create(ModelConfig config, int numClasses) {
        return switch (config.name()) {
            case DENSENET121 -> new DenseNet121(numClasses);
            case RESNET50V2 -> new ResNet50V2(numClasses);
            case RESDENSENET ->
                config.fusion() == Fusion.BOTH
                        ? new ResDenseNet(config, numClasses)
                        : AblationBlocks.network(config, numClasses);
        };
    }
}
