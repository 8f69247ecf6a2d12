package io.github.resdensenet.nn;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** DenseNet inside, ResNet around: compress(dense layers(x)) + x, with as many channels out as in. */
public final class DenseResidualBlock extends Module {
    private final ModuleList<DenseLayer> denseLayers;
    private final Sequential compress;
    private final boolean residual;

    /**
     * A block.
     *
     * @param widths channels of each layer's bottleneck
     * @param residual whether x is added; without, the block is compress(dense layers(x))
     */
    DenseResidualBlock(int inChannels, int growthRate, List<Integer> widths, boolean residual) {
        this.residual = residual;
        denseLayers = register("dense_layers", new ModuleList<>());
        int total = inChannels;
        for (int width : widths) {
            denseLayers.append(new DenseLayer(total, growthRate, width));
            total += growthRate;
        }
        compress = register(
                "compress", new Sequential(new BatchNorm2d(total), new ReLU(), new Conv2d(total, inChannels, 1)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor features = x;
        for (DenseLayer layer : denseLayers) {
            features = layer.call(features); // [N, inChannels + (i + 1) * growthRate, H, W]
        }
        Tensor out = compress.call(features);
        return residual ? Functional.add(out, x) : out;
    }
}
