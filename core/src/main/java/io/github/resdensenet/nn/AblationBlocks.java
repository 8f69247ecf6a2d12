package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.relu;

import io.github.resdensenet.nn.ablation.Fusion;
import io.github.resdensenet.nn.ablation.Widths;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * ResDenseNet with parts of its idea removed or repeated: the same stem, transitions and head, other blocks, and the
 * channel widths that {@link Widths} matches to the parameter count of the article's network.
 */
final class AblationBlocks {
    private AblationBlocks() {}

    /**
     * A network of the configuration's fusion.
     *
     * @throws IllegalArgumentException if no widths match the parameter count, or numClasses is not positive
     */
    static ResDenseNet network(ModelConfig config, int numClasses) {
        Widths widths = Widths.of(config.fusion(), config.sizes(), numClasses);
        return new ResDenseNet(
                config,
                numClasses,
                widths.features(),
                (stage, channels) -> block(config.fusion(), widths, stage, channels));
    }

    private static Module block(Fusion fusion, Widths widths, int stage, int channels) {
        List<List<Integer>> blocks = widths.stages().get(stage);
        List<Integer> bottlenecks = blocks.get(0);
        return switch (fusion) {
            case BOTH -> new DenseResidualBlock(channels, widths.growthRate(), bottlenecks);
            case CONCAT -> new DenseBlock(channels, widths.growthRate(), bottlenecks);
            case ADD -> new PlainBlock(channels, bottlenecks, true);
            case NONE -> new PlainBlock(channels, bottlenecks, false);
            case STACKED ->
                new Sequential(blocks.stream()
                        .map(block -> new DenseResidualBlock(channels, widths.growthRate(), block))
                        .toArray(Module[]::new));
        };
    }

    /** {@link DenseResidualBlock} without the addition: compress(dense layers(x)). */
    private static final class DenseBlock extends Module {
        private final ModuleList<DenseLayer> denseLayers;
        private final Sequential compress;

        DenseBlock(int inChannels, int growthRate, List<Integer> bottlenecks) {
            denseLayers = register("dense_layers", new ModuleList<>());
            int total = inChannels;
            for (int bottleneck : bottlenecks) {
                denseLayers.append(new DenseLayer(total, growthRate, bottleneck));
                total += growthRate;
            }
            compress = register("compress", compress(total, inChannels));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return compress.call(denseLayers.inOrder(x));
        }
    }

    /**
     * {@link DenseResidualBlock} without concatenation: compress(layers(x)), and with {@code residual} an addition
     * around every layer and around the block.
     */
    private static final class PlainBlock extends Module {
        private final ModuleList<PlainLayer> layers;
        private final Sequential compress;
        private final boolean residual;

        PlainBlock(int channels, List<Integer> bottlenecks, boolean residual) {
            this.residual = residual;
            layers = register("layers", new ModuleList<>());
            bottlenecks.forEach(width -> layers.append(new PlainLayer(channels, width, residual)));
            compress = register("compress", compress(channels, channels));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor out = compress.call(layers.inOrder(x));
            return residual ? Functional.add(out, x) : out;
        }
    }

    /** {@link DenseLayer} that outputs all channels anew, with or without its input added to them. */
    private static final class PlainLayer extends Module {
        private final BatchNorm2d bn1;
        private final Conv2d conv1;
        private final BatchNorm2d bn2;
        private final Conv2d conv2;
        private final boolean residual;

        PlainLayer(int channels, int bottleneck, boolean residual) {
            this.residual = residual;
            bn1 = register("bn1", new BatchNorm2d(channels));
            conv1 = register("conv1", new Conv2d(channels, bottleneck, 1));
            bn2 = register("bn2", new BatchNorm2d(bottleneck));
            conv2 = register("conv2", new Conv2d(bottleneck, channels, 3, 1, 1));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor out = conv1.call(relu(bn1.call(x))); // [N, bottleneck, H, W]
            out = conv2.call(relu(bn2.call(out))); // [N, channels, H, W]
            return residual ? Functional.add(out, x) : out;
        }
    }

    private static Sequential compress(int inChannels, int outChannels) {
        return new Sequential(new BatchNorm2d(inChannels), new ReLU(), new Conv2d(inChannels, outChannels, 1));
    }
}
