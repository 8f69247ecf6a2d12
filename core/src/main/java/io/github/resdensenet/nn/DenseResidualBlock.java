package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;

/** DenseNet inside, ResNet around: compress(dense layers(x)) + x, with as many channels out as in. */
public final class DenseResidualBlock extends Module {
    private final ModuleList<DenseLayer> denseLayers;
    private final Sequential compress;

    DenseResidualBlock(int inChannels, int numLayers, int growthRate, int bnSize) {
        denseLayers = register("dense_layers", new ModuleList<>());
        for (int i = 0; i < numLayers; i++) {
            denseLayers.append(new DenseLayer(inChannels + i * growthRate, growthRate, bnSize));
        }
        int total = inChannels + numLayers * growthRate;
        compress = register(
                "compress", new Sequential(new BatchNorm2d(total), new ReLU(), new Conv2d(total, inChannels, 1)));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor features = x;
        for (DenseLayer layer : denseLayers) {
            features = layer.call(features); // [N, inChannels + (i + 1) * growthRate, H, W]
        }
        return Functional.add(compress.call(features), x);
    }
}
