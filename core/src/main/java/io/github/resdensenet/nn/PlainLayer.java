package io.github.resdensenet.nn;

import static io.github.resdensenet.nn.Functional.relu;

import org.bytedeco.pytorch.Tensor;

/** The bottleneck of {@link DenseLayer} that makes all its channels anew, with or without the input added to them. */
final class PlainLayer extends Module {
    private final BatchNorm2d bn1;
    private final Conv2d conv1;
    private final BatchNorm2d bn2;
    private final Conv2d conv2;
    private final boolean residual;

    PlainLayer(int channels, int width, boolean residual) {
        this.residual = residual;
        bn1 = register("bn1", new BatchNorm2d(channels));
        conv1 = register("conv1", new Conv2d(channels, width, 1));
        bn2 = register("bn2", new BatchNorm2d(width));
        conv2 = register("conv2", new Conv2d(width, channels, 3, 1, 1));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor out = conv1.call(relu(bn1.call(x))); // [N, width, H, W]
        out = conv2.call(relu(bn2.call(out))); // [N, channels, H, W]
        return residual ? Functional.add(out, x) : out;
    }
}
