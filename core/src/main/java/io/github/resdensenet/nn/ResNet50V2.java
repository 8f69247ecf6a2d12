package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.add;
import static io.github.resdensenet.nn.Functional.globalAveragePool;
import static io.github.resdensenet.nn.Functional.relu;

import io.github.resdensenet.nn.ModelConfig.Architecture;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * ResNet-50 v2 with the layers, layer names and initialisation of Keras. It is a pre-activation network: BN and ReLU
 * come before the convolutions, and there is no ReLU after the addition of a block.
 *
 * <p>The network is a stem, four stages of 3, 4, 6 and 3 bottleneck blocks, BN, ReLU, global average pooling and a
 * linear classifier. The stages output 256, 512, 1024 and 2048 channels. As in Keras, the last block of the first
 * three stages has a stride, and its shortcut is a max pooling with a 1x1 window. From K. He et al., "Identity Mappings
 * in Deep Residual Networks" (ECCV 2016).
 *
 * <p>Parameter names combine Keras's layer names and PyTorch's parameter names, for example {@code
 * conv2_block1_1_conv.weight}. In training, the running variance has Bessel's correction as in PyTorch; Keras omits it.
 */
final class ResNet50V2 extends ImageClassifier {
    private static final double EPS = 1.001e-5;
    private static final double MOMENTUM = 0.01; // PyTorch's convention; Keras writes 1 - 0.01 = 0.99
    private static final int SMALLEST_IMAGE = 32; // the limit of Keras
    private static final int STRIDE = 32;

    private final ZeroPad2d conv1Pad;
    private final Conv2d conv1;
    private final ZeroPad2d pool1Pad;
    private final MaxPool2d pool1;
    private final Stage conv2;
    private final Stage conv3;
    private final Stage conv4;
    private final Stage conv5;
    private final BatchNorm2d postBn;
    private final Linear predictions;

    /**
     * Creates the network. The weights are drawn from libtorch's default generator (see {@link Models#create}).
     *
     * @throws IllegalArgumentException if numClasses is not positive
     */
    public ResNet50V2(int numClasses) {
        super(ModelConfig.of(Architecture.RESNET50V2), numClasses);
        conv1Pad = register("conv1_pad", new ZeroPad2d(3));
        conv1 = register("conv1_conv", new Conv2d(3, 64, 7, 2, 0, true));
        pool1Pad = register("pool1_pad", new ZeroPad2d(1));
        pool1 = register("pool1_pool", new MaxPool2d(3, 2, 0));
        conv2 = register("conv2", new Stage(64, 64, 3, 2));
        conv3 = register("conv3", new Stage(256, 128, 4, 2));
        conv4 = register("conv4", new Stage(512, 256, 6, 2));
        conv5 = register("conv5", new Stage(1024, 512, 3, 1));
        postBn = register("post_bn", batchNorm(2048));
        predictions = register("predictions", new Linear(2048, numClasses));
        Init.glorot(this);
    }

    private static BatchNorm2d batchNorm(int channels) {
        return new BatchNorm2d(channels, EPS, MOMENTUM);
    }

    @Override
    public List<String> stages() {
        return List.of("pool1_pool", "conv2", "conv3", "conv4", "conv5");
    }

    @Override
    public Tensor forwardStage(int stage, Tensor x) {
        return switch (stage) {
            case 0 -> {
                x = conv1.call(conv1Pad.call(x)); // [N, 64, H/2, W/2]
                yield pool1.call(pool1Pad.call(x)); // [N, 64, H/4, W/4]
            }
            case 1 -> conv2.call(x);
            case 2 -> conv3.call(x);
            case 3 -> conv4.call(x);
            case 4 -> relu(postBn.call(conv5.call(x))); // [N, 2048, H/32, W/32]
            default -> throw new IndexOutOfBoundsException(stage);
        };
    }

    @Override
    public Tensor forwardHead(Tensor features) {
        return predictions.call(globalAveragePool(features));
    }

    @Override
    public String headName() {
        return "predictions";
    }

    @Override
    public int featureSize(int imageSize) {
        return imageSize < SMALLEST_IMAGE ? 0 : (imageSize + STRIDE - 1) / STRIDE;
    }

    /** Blocks "block1", "block2", ... with 4 * filters output channels. Only the last block has a stride. */
    private static final class Stage extends Sequential {
        Stage(int inChannels, int filters, int blocks, int stride) {
            register("block1", new ResidualBlock(inChannels, filters, 1));
            for (int i = 2; i <= blocks; i++) {
                register("block" + i, new ResidualBlock(4 * filters, filters, i == blocks ? stride : 1));
            }
        }

        @Override
        protected String separator() {
            return "_";
        }
    }

    /** shortcut(x) + bottleneck(relu(bn(x))): [N, in, H, W] to [N, 4 * filters, H / stride, W / stride]. */
    private static final class ResidualBlock extends Module {
        private final BatchNorm2d preactBn;
        private final Conv2d conv1;
        private final BatchNorm2d bn1;
        private final ZeroPad2d pad2;
        private final Conv2d conv2;
        private final BatchNorm2d bn2;
        private final @Nullable Conv2d conv0;
        private final @Nullable MaxPool2d pool0;
        private final Conv2d conv3;

        ResidualBlock(int inChannels, int filters, int stride) {
            int outChannels = 4 * filters;
            preactBn = register("preact_bn", batchNorm(inChannels));
            conv1 = register("1_conv", new Conv2d(inChannels, filters, 1));
            bn1 = register("1_bn", batchNorm(filters));
            pad2 = register("2_pad", new ZeroPad2d(1));
            conv2 = register("2_conv", new Conv2d(filters, filters, 3, stride, 0));
            bn2 = register("2_bn", batchNorm(filters));
            conv0 = inChannels == outChannels
                    ? null
                    : register("0_conv", new Conv2d(inChannels, outChannels, 1, stride, 0, true));
            pool0 = conv0 == null && stride > 1 ? register("0_pool", new MaxPool2d(1, stride, 0)) : null;
            conv3 = register("3_conv", new Conv2d(filters, outChannels, 1, 1, 0, true));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor preact = relu(preactBn.call(x));
            Tensor out = relu(bn1.call(conv1.call(preact))); // [N, filters, H, W]
            out = relu(bn2.call(conv2.call(pad2.call(out)))); // [N, filters, H / stride, W / stride]
            return add(shortcut(x, preact), conv3.call(out));
        }

        private Tensor shortcut(Tensor x, Tensor preact) {
            if (conv0 != null) {
                return conv0.call(preact);
            }
            return pool0 != null ? pool0.call(x) : x;
        }

        @Override
        protected String separator() {
            return "_";
        }
    }
}
