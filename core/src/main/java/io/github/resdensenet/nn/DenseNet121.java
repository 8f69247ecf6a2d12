package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.cat;
import static io.github.resdensenet.nn.Functional.globalAveragePool;
import static io.github.resdensenet.nn.Functional.relu;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * DenseNet-121 with the modules, names and initialisation of torchvision.
 *
 * <p>The network is a stem, three times [block, transition], a block, BN, ReLU, global average pooling and a linear
 * classifier. The blocks have 6, 12, 24 and 16 layers and output 256, 512, 1024 and 1024 channels. From G. Huang et
 * al., "Densely Connected Convolutional Networks" (CVPR 2017).
 */
final class DenseNet121 extends ImageClassifier {
    private static final int INIT_FEATURES = 64;
    private static final int GROWTH_RATE = 32;
    private static final int BOTTLENECK = 4 * GROWTH_RATE;
    private static final List<Integer> LAYERS = List.of(6, 12, 24, 16);

    private final Sequential features;
    private final List<List<Module>> stages = new ArrayList<>();
    private final BatchNorm2d norm5;
    private final Linear classifier;

    /**
     * Creates the network. The weights are drawn from libtorch's default generator (see {@link Models#create}).
     *
     * @throws IllegalArgumentException if numClasses is not positive
     */
    public DenseNet121(int numClasses) {
        super(ModelConfig.of(Architecture.DENSENET121), numClasses);
        features = register("features", new Sequential());
        stages.add(List.of(
                feature("conv0", new Conv2d(3, INIT_FEATURES, 7, 2, 3)),
                feature("norm0", new BatchNorm2d(INIT_FEATURES)),
                feature("relu0", new ReLU()),
                feature("pool0", new MaxPool2d(3, 2, 1))));
        int channels = INIT_FEATURES;
        for (int i = 1; i <= LAYERS.size(); i++) {
            List<Module> stage = new ArrayList<>();
            if (i > 1) {
                stage.add(feature("transition" + (i - 1), new Transition(channels, channels / 2)));
                channels /= 2;
            }
            int layers = LAYERS.get(i - 1);
            stage.add(feature("denseblock" + i, new Block(channels, layers)));
            channels += layers * GROWTH_RATE;
            stages.add(stage);
        }
        norm5 = feature("norm5", new BatchNorm2d(channels));
        classifier = register("classifier", new Linear(channels, numClasses));
        Init.kaimingFanIn(this);
    }

    private <M extends Module> M feature(String name, M layer) {
        return features.register(name, layer);
    }

    @Override
    public List<String> stages() {
        return Stream.concat(
                        Stream.of("features.pool0"),
                        IntStream.rangeClosed(1, LAYERS.size()).mapToObj(i -> "features.denseblock" + i))
                .toList();
    }

    @Override
    public Tensor forwardStage(int stage, Tensor x) {
        for (Module layer : stages.get(stage)) {
            x = layer.call(x); // [N, C, H/4, W/4], and half the height and width after each transition
        }
        return stage < LAYERS.size() ? x : relu(norm5.call(x)); // [N, 1024, H/32, W/32]
    }

    @Override
    public Tensor forwardHead(Tensor features) {
        return classifier.call(globalAveragePool(features));
    }

    @Override
    public String headName() {
        return "classifier";
    }

    @Override
    public int featureSize(int imageSize) {
        int afterStem = (imageSize + 3) / 4; // two layers with stride 2 that round up
        return afterStem >> (LAYERS.size() - 1);
    }

    /** A bottleneck layer that computes GROWTH_RATE new channels from all previous channels of its block. */
    private static final class Layer extends Module {
        private final BatchNorm2d norm1;
        private final ReLU relu1;
        private final Conv2d conv1;
        private final BatchNorm2d norm2;
        private final ReLU relu2;
        private final Conv2d conv2;

        Layer(int inChannels) {
            norm1 = register("norm1", new BatchNorm2d(inChannels));
            relu1 = register("relu1", new ReLU());
            conv1 = register("conv1", new Conv2d(inChannels, BOTTLENECK, 1));
            norm2 = register("norm2", new BatchNorm2d(BOTTLENECK));
            relu2 = register("relu2", new ReLU());
            conv2 = register("conv2", new Conv2d(BOTTLENECK, GROWTH_RATE, 3, 1, 1));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor bottleneck = conv1.call(relu1.call(norm1.call(x)));
            return conv2.call(relu2.call(norm2.call(bottleneck))); // [N, GROWTH_RATE, H, W]
        }

        @Override
        public String typeName() {
            return "_DenseLayer";
        }
    }

    /** Concatenates the input and the output of each layer: [N, C, H, W] to [N, C + layers * GROWTH_RATE, H, W]. */
    private static final class Block extends Module {
        private final List<Layer> layers = new ArrayList<>();

        Block(int inChannels, int numLayers) {
            for (int i = 0; i < numLayers; i++) {
                layers.add(register("denselayer" + (i + 1), new Layer(inChannels + i * GROWTH_RATE)));
            }
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor features = x;
            for (Layer layer : layers) {
                features = cat(features, layer.call(features));
            }
            return features;
        }

        @Override
        public String typeName() {
            return "_DenseBlock";
        }
    }

    /** Halves the size between two blocks: [N, in, H, W] to [N, out, H/2, W/2]. */
    private static final class Transition extends Sequential {
        Transition(int inChannels, int outChannels) {
            register("norm", new BatchNorm2d(inChannels));
            register("relu", new ReLU());
            register("conv", new Conv2d(inChannels, outChannels, 1));
            register("pool", new AvgPool2d(2));
        }

        @Override
        public String typeName() {
            return "_Transition";
        }
    }
}
