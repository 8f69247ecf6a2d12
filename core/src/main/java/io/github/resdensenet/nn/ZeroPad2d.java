package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Zero padding on all four sides: [N, C, H, W] to [N, C, H + 2 padding, W + 2 padding]. */
final class ZeroPad2d extends Module {
    /** Width of the padding on each side, in pixels. */
    final int padding;

    ZeroPad2d(int padding) {
        this.padding = padding;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.constant_pad_nd(x, new long[] {padding, padding, padding, padding});
    }

    @Override
    Trace.Layer layer() {
        return new Trace.Layer.ZeroPadding(padding);
    }

    @Override
    protected String describe() {
        return "(" + padding + ", " + padding + ", " + padding + ", " + padding + ")";
    }
}
