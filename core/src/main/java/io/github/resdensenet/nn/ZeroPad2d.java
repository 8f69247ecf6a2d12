package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Zeros around the image: [N, C, H, W] to [N, C, H + 2 padding, W + 2 padding]. */
public final class ZeroPad2d extends Module {
    /** Width of the border, in pixels. */
    public final int padding;

    ZeroPad2d(int padding) {
        this.padding = padding;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.constant_pad_nd(x, new long[] {padding, padding, padding, padding});
    }

    @Override
    protected String describe() {
        return "(" + padding + ", " + padding + ", " + padding + ", " + padding + ")";
    }
}
