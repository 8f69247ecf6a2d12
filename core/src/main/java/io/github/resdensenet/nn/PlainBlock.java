package io.github.resdensenet.nn;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * {@link DenseResidualBlock} without concatenation: compress(layers(x)), and with {@code residual} an addition around every
 * layer and around the block.
 */
final class PlainBlock extends Module {
    private final ModuleList<PlainLayer> layers;
    private final Sequential compress;
    private final boolean residual;

    PlainBlock(int channels, List<Integer> widths, boolean residual) {
        this.residual = residual;
        layers = register("layers", new ModuleList<>());
        widths.forEach(width -> layers.append(new PlainLayer(channels, width, residual)));
        compress = register(
                "compress", new Sequential(new BatchNorm2d(channels), new ReLU(), new Conv2d(channels, channels, 1)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor features = x;
        for (PlainLayer layer : layers) {
            features = layer.call(features);
        }
        Tensor out = compress.call(features);
        return residual ? Functional.add(out, x) : out;
    }
}
