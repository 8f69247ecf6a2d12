package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.cat;
import static io.github.resdensenet.nn.Functional.relu;

import org.bytedeco.pytorch.Tensor;

/** DenseNet's bottleneck layer: computes growthRate new channels from its input and concatenates them to it. */
final class DenseLayer extends Module {
    private final BatchNorm2d bn1;
    private final Conv2d conv1;
    private final BatchNorm2d bn2;
    private final Conv2d conv2;

    DenseLayer(int inChannels, int growthRate, int bottleneckChannels) {
        bn1 = register("bn1", new BatchNorm2d(inChannels));
        conv1 = register("conv1", new Conv2d(inChannels, bottleneckChannels, 1));
        bn2 = register("bn2", new BatchNorm2d(bottleneckChannels));
        conv2 = register("conv2", new Conv2d(bottleneckChannels, growthRate, 3, 1, 1));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor out = conv1.call(relu(bn1.call(x))); // [N, bottleneckChannels, H, W]
        out = conv2.call(relu(bn2.call(out))); // [N, growthRate, H, W]
        return cat(x, out);
    }
}
