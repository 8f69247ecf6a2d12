package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Max pooling: [N, C, H, W] to [N, C, H', W'], H' = (H + 2 padding - kernel) / stride + 1. */
final class MaxPool2d extends Module {
    /** Height and width of the window, in pixels. */
    final int kernelSize;
    /** Stride of the window, in pixels. */
    final int stride;
    /** Width of the padding with minus infinity on each side, in pixels. */
    final int padding;

    MaxPool2d(int kernelSize, int stride, int padding) {
        this.kernelSize = kernelSize;
        this.stride = stride;
        this.padding = padding;
    }

    @Override
    protected Tensor forward(Tensor x) {
        long[] kernel = {kernelSize, kernelSize};
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        return torch.max_pool2d(x, kernel, strides, paddings, new long[] {1, 1}, false);
    }

    @Override
    Trace.Layer layer() {
        return new Trace.Layer.Pooling(true, kernelSize, stride, padding);
    }

    @Override
    protected String describe() {
        return "kernel_size=" + kernelSize + ", stride=" + stride + ", padding=" + padding
                + ", dilation=1, ceil_mode=False";
    }
}
