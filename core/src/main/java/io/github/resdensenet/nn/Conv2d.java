package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Convolution with a square kernel: [N, in, H, W] to [N, out, H', W'], H' = (H + 2 padding - kernel) / stride + 1. */
final class Conv2d extends Module {
    private static final int BLOCK = 16;

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
        if (kernelSize == 1 || (missing(inChannels) == 0 && missing(outChannels) == 0)) {
            return conv2d(x, weight, bias);
        }
        // oneDNN in libtorch 2.10 computes wrong sums if the channels do not fill whole blocks: pad them with zeros.
        // Three input channels use a different kernel, which is correct.
        int in = inChannels == 3 ? 0 : missing(inChannels);
        int out = missing(outChannels);
        Tensor padded = torch.constant_pad_nd(weight, new long[] {0, 0, 0, 0, 0, in, 0, out});
        Tensor paddedBias = bias == null ? null : torch.constant_pad_nd(bias, new long[] {0, out});
        Tensor y = conv2d(in == 0 ? x : torch.constant_pad_nd(x, new long[] {0, 0, 0, 0, 0, in}), padded, paddedBias);
        return y.narrow(1, 0, outChannels).contiguous();
    }

    private Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias) {
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        TensorOptional constant = bias == null ? new TensorOptional() : new TensorOptional(bias);
        return torch.conv2d(x, weight, constant, strides, paddings, new long[] {1, 1}, 1);
    }

    /** The number of channels that must be added to fill whole blocks of oneDNN. */
    private static int missing(int channels) {
        return Math.floorMod(-channels, BLOCK);
    }

    /** Multiply-accumulate operations for one image, given the height and width of the output. */
    long macs(long height, long width) {
        return height * width * outChannels * inChannels * kernelSize * kernelSize;
    }

    @Override
    Trace.Layer layer() {
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
