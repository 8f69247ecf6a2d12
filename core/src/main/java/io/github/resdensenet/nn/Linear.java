package io.github.resdensenet.nn;

import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** x W^T + b: [N, in] to [N, out]. */
public final class Linear extends Module {
    /** Values read. */
    public final int inFeatures;
    /** Values made. */
    public final int outFeatures;
    /** [outFeatures, inFeatures]. */
    public final Tensor weight;
    /** [outFeatures]. */
    public final Tensor bias;

    Linear(int inFeatures, int outFeatures) {
        this.inFeatures = inFeatures;
        this.outFeatures = outFeatures;
        // Drawn as PyTorch draws them, see Conv2d.
        double bound = 1 / Math.sqrt(inFeatures);
        GeneratorOptional any = new GeneratorOptional();
        weight = parameter("weight", torch.empty(outFeatures, inFeatures).uniform_(-bound, bound, any));
        bias = parameter("bias", torch.empty(outFeatures).uniform_(-bound, bound, any));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.linear(x, weight, new TensorOptional(bias));
    }

    long macs() {
        return (long) inFeatures * outFeatures;
    }

    @Override
    protected String describe() {
        return "in_features=" + inFeatures + ", out_features=" + outFeatures + ", bias=True";
    }
}
