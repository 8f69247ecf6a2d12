package io.github.resdensenet.nn;

import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Convolution without bias, square kernel: [N, in, H, W] to [N, out, H', W'], H' = (H + 2 padding - kernel) / stride + 1. */
public final class Conv2d extends Module {
    final int inChannels;
    final int outChannels;
    final int kernelSize;
    final int stride;
    final int padding;
    final Tensor weight;

    Conv2d(int inChannels, int outChannels, int kernelSize) {
        this(inChannels, outChannels, kernelSize, 1, 0);
    }

    Conv2d(int inChannels, int outChannels, int kernelSize, int stride, int padding) {
        this.inChannels = inChannels;
        this.outChannels = outChannels;
        this.kernelSize = kernelSize;
        this.stride = stride;
        this.padding = padding;
        // PyTorch's own default; drawing it keeps the generator in step with a PyTorch model built from the same seed.
        double bound = 1 / Math.sqrt((double) inChannels * kernelSize * kernelSize);
        weight = parameter(
                "weight",
                torch.empty(outChannels, inChannels, kernelSize, kernelSize)
                        .uniform_(-bound, bound, new GeneratorOptional()));
    }

    @Override
    protected Tensor forward(Tensor x) {
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        return torch.conv2d(x, weight, new TensorOptional(), strides, paddings, new long[] {1, 1}, 1);
    }

    /** Multiplications of weights and inputs for one image, given the output's height and width. */
    long macs(long height, long width) {
        return height * width * outChannels * inChannels * kernelSize * kernelSize;
    }

    @Override
    protected String describe() {
        return inChannels + ", " + outChannels + ", kernel_size=" + pair(kernelSize) + ", stride=" + pair(stride)
                + (padding == 0 ? "" : ", padding=" + pair(padding)) + ", bias=False";
    }

    private static String pair(int n) {
        return "(" + n + ", " + n + ")";
    }
}
