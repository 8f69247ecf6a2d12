package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Average pooling with stride = kernel size and no padding: [N, C, H, W] to [N, C, H / kernel, W / kernel]. */
final class AvgPool2d extends Module {
    /** Height, width and stride of the window, in pixels. */
    final int kernelSize;

    AvgPool2d(int kernelSize) {
        this.kernelSize = kernelSize;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.avg_pool2d(x, kernelSize, kernelSize);
    }

    @Override
    Trace.Layer layer() {
        return new Trace.Layer.Pooling(false, kernelSize, kernelSize, 0);
    }

    @Override
    protected String describe() {
        return "kernel_size=" + kernelSize + ", stride=" + kernelSize + ", padding=0";
    }
}
