package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Mean of each window of kernel x kernel, windows side by side: [N, C, H, W] to [N, C, H / kernel, W / kernel]. */
public final class AvgPool2d extends Module {
    /** Height, width and step of the window. */
    public final int kernelSize;

    AvgPool2d(int kernelSize) {
        this.kernelSize = kernelSize;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.avg_pool2d(x, kernelSize, kernelSize);
    }

    @Override
    protected String describe() {
        return "kernel_size=" + kernelSize + ", stride=" + kernelSize + ", padding=0";
    }
}
