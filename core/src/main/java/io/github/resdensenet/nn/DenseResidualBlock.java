package io.github.resdensenet.nn;

import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The article's block: compress(dense layers(x)) + x, with as many output channels as input channels. */
final class DenseResidualBlock extends Module {
    private final ModuleList<DenseLayer> denseLayers;
    private final Sequential compress;

    DenseResidualBlock(int inChannels, int growthRate, int numLayers, int bnSize) {
        this(inChannels, growthRate, Collections.nCopies(numLayers, bnSize * growthRate));
    }

    /** A block whose layers have bottlenecks of the given widths. */
    DenseResidualBlock(int inChannels, int growthRate, List<Integer> bottlenecks) {
        denseLayers = register("dense_layers", new ModuleList<>());
        int total = inChannels;
        for (int bottleneck : bottlenecks) {
            denseLayers.append(new DenseLayer(total, growthRate, bottleneck));
            total += growthRate;
        }
        compress = register(
                "compress", new Sequential(new BatchNorm2d(total), new ReLU(), new Conv2d(total, inChannels, 1)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor features = x;
        for (DenseLayer layer : denseLayers) {
            features = layer.call(features); // growthRate more channels
        }
        return Functional.add(compress.call(features), x);
    }
}
