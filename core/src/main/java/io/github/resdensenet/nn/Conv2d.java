package io.github.resdensenet.nn;

import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Convolution, square kernel: [N, in, H, W] to [N, out, H', W'], H' = (H + 2 padding - kernel) / stride + 1. */
public final class Conv2d extends Module {
    private static final int BLOCK = 16;

    /** Channels read. */
    public final int inChannels;
    /** Channels made. */
    public final int outChannels;
    /** Height and width of the kernel. */
    public final int kernelSize;
    /** Step of the kernel, in pixels. */
    public final int stride;
    /** Zeros around the image, in pixels. */
    public final int padding;
    /** [outChannels, inChannels, kernelSize, kernelSize]. */
    public final Tensor weight;
    /** [outChannels], or null for a convolution without. */
    public final @Nullable Tensor bias;

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
        // PyTorch's own default; drawing it keeps the generator in step with a PyTorch model built from the same seed.
        double bound = 1 / Math.sqrt((double) inChannels * kernelSize * kernelSize);
        weight = parameter(
                "weight",
                torch.empty(outChannels, inChannels, kernelSize, kernelSize)
                        .uniform_(-bound, bound, new GeneratorOptional()));
        bias = withBias
                ? parameter("bias", torch.empty(outChannels).uniform_(-bound, bound, new GeneratorOptional()))
                : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (kernelSize == 1 || (missing(inChannels) == 0 && missing(outChannels) == 0)) {
            return conv2d(x, weight, bias);
        }
        // The oneDNN of libtorch 2.10 gives wrong sums where channels do not fill its blocks: fill them with zeros.
        // The three channels of an image have a kernel of their own, which is right.
        int in = inChannels == 3 ? 0 : missing(inChannels);
        int out = missing(outChannels);
        Tensor filled = torch.constant_pad_nd(weight, new long[] {0, 0, 0, 0, 0, in, 0, out});
        Tensor filledBias = bias == null ? null : torch.constant_pad_nd(bias, new long[] {0, out});
        Tensor y = conv2d(in == 0 ? x : torch.constant_pad_nd(x, new long[] {0, 0, 0, 0, 0, in}), filled, filledBias);
        return y.narrow(1, 0, outChannels).contiguous();
    }

    private Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias) {
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        TensorOptional constant = bias == null ? new TensorOptional() : new TensorOptional(bias);
        return torch.conv2d(x, weight, constant, strides, paddings, new long[] {1, 1}, 1);
    }

    /** How many channels are missing to whole blocks of oneDNN. */
    private static int missing(int channels) {
        return Math.floorMod(-channels, BLOCK);
    }

    /** Multiplications of weights and inputs for one image, given the output's height and width. */
    long macs(long height, long width) {
        return height * width * outChannels * inChannels * kernelSize * kernelSize;
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
