package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Functions without parameters, as in {@code torch.nn.functional}. */
final class Functional {
    private Functional() {}

    /** max(x, 0), in place. Use it only where autograd does not need x, for example after a batch normalisation. */
    static Tensor relu(Tensor x) {
        Tensor y = torch.relu_(x);
        Trace.function("relu", y, x);
        return y;
    }

    /** Concatenates the channels: [N, A, H, W] and [N, B, H, W] to [N, A+B, H, W]. */
    static Tensor cat(Tensor a, Tensor b) {
        Tensor y = torch.cat(new TensorVector(a, b), 1);
        Trace.function("cat", y, a, b);
        return y;
    }

    /** Element-wise sum of two tensors of the same shape. */
    static Tensor add(Tensor a, Tensor b) {
        Tensor y = a.add(b);
        Trace.function("add", y, a, b);
        return y;
    }

    /** Mean over height and width: [N, C, H, W] to [N, C]. */
    static Tensor globalAveragePool(Tensor x) {
        Tensor y = torch.flatten(torch.adaptive_avg_pool2d(x, 1, 1), 1, -1);
        Trace.function("globalAveragePool", y, x);
        return y;
    }
}
