package io.github.resdensenet.nn;

/** Builds networks. */
public final class Models {
    private Models() {}

    /**
     * A network in training mode on the CPU, its weights drawn from {@code seed}.
     *
     * <p>Seeds libtorch's default generator. The draws are those of PyTorch's own layers in the same order, so the
     * article's model built after {@code torch.manual_seed(seed)} starts from the same weights up to rounding, and so does
     * torchvision's DenseNet121.
     *
     * @throws IllegalArgumentException if numClasses is not positive
     */
    public static ImageClassifier create(ModelConfig config, int numClasses, long seed) {
        NativeSettings.ensure();
        Init.seed(seed);
        return switch (config.name()) {
            case "densenet121" -> new DenseNet121(numClasses);
            case "resnet50v2" -> new ResNet50V2(numClasses);
            default -> new ResDenseNet(config, numClasses);
        };
    }
}
