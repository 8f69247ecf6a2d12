package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Convolution with a square kernel: [N, in, H, W] to [N, out, H', W'], H' = (H + 2 padding - kernel) / stride + 1. */
final class Conv2d extends Module {
    /** Number of input channels. */
    final int inChannels;
    /** Number of output channels. */
    final int outChannels;
    /** Height and width of the kernel, in pixels. */
    final int kernelSize;
    /** Stride of the kernel, in pixels. */
    final int stride;
    /** Width of the zero padding on each side, in pixels. */
    final int padding;
    /** The kernels, [outChannels, inChannels, kernelSize, kernelSize]. */
    final Tensor weight;
    /** The bias, [outChannels], or null if the convolution has none. */
    final @Nullable Tensor bias;

    Conv2d(int inChannels, int outChannels, int kernelSize) {
        this(inChannels, outChannels, kernelSize, 1, 0);
    }

    Conv2d(int inChannels, int outChannels, int kernelSize, int stride, int padding) {
        this(inChannels, outChannels, kernelSize, stride, padding, false);
    }

    Conv2d(int inChannels, int outChannels, int kernelSize, int stride, int padding, boolean withBias) {
        this.inChannels = inChannels;
        this.outChannels = outChannels;
        this.kernelSize = kernelSize;
        this.stride = stride;
        this.padding = padding;
        // PyTorch's default. Drawing these values keeps the generator in the same state as PyTorch's for a given seed.
        double bound = 1 / Math.sqrt((double) inChannels * kernelSize * kernelSize);
        weight = parameter("weight", Init.uniform(bound, outChannels, inChannels, kernelSize, kernelSize));
        bias = withBias ? parameter("bias", Init.uniform(bound, outChannels)) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return layer().convolve(x);
    }

    /** Multiply-accumulate operations for one image, given the height and width of the output. */
    long macs(long height, long width) {
        return height * width * outChannels * inChannels * kernelSize * kernelSize;
    }

    @Override
    Trace.Layer.Convolution layer() {
        return new Trace.Layer.Convolution(kernelSize, stride, padding, weight, bias);
    }

    @Override
    protected String describe() {
        return inChannels + ", " + outChannels + ", kernel_size=" + pair(kernelSize) + ", stride=" + pair(stride)
                + (padding == 0 ? "" : ", padding=" + pair(padding)) + (bias == null ? ", bias=False" : "");
    }

    private static String pair(int n) {
        return "(" + n + ", " + n + ")";
    }
}
