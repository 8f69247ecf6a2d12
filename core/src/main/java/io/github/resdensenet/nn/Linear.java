package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Linear layer x W^T + b: [N, in] to [N, out]. */
final class Linear extends Module {
    /** Number of input features. */
    final int inFeatures;
    /** Number of output features. */
    final int outFeatures;
    /** The weights W, [outFeatures, inFeatures]. */
    final Tensor weight;
    /** The bias b, [outFeatures]. */
    final Tensor bias;

    Linear(int inFeatures, int outFeatures) {
        this.inFeatures = inFeatures;
        this.outFeatures = outFeatures;
        // PyTorch's default, see Conv2d.
        double bound = 1 / Math.sqrt(inFeatures);
        weight = parameter("weight", Init.uniform(bound, outFeatures, inFeatures));
        bias = parameter("bias", Init.uniform(bound, outFeatures));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return torch.linear(x, weight, new TensorOptional(bias));
    }

    /** Multiply-accumulate operations for one image. */
    long macs() {
        return (long) inFeatures * outFeatures;
    }

    @Override
    Trace.Layer layer() {
        return new Trace.Layer.Linear(weight, bias);
    }

    @Override
    protected String describe() {
        return "in_features=" + inFeatures + ", out_features=" + outFeatures + ", bias=True";
    }
}
