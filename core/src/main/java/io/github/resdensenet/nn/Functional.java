package io.github.resdensenet.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The functions without parameters that the models use, as in {@code torch.nn.functional}. */
final class Functional {
    private Functional() {}

    /** max(x, 0), written over x: what comes before it here is always a batch normalisation, which does not need it. */
    static Tensor relu(Tensor x) {
        Tensor y = torch.relu_(x);
        Trace.function("relu", y, x);
        return y;
    }

    /** Joins the channels: [N, A, H, W] and [N, B, H, W] to [N, A+B, H, W]. */
    static Tensor cat(Tensor a, Tensor b) {
        Tensor y = torch.cat(new TensorVector(a, b), 1);
        Trace.function("cat", y, a, b);
        return y;
    }

    /** Element by element sum of two tensors of one shape. */
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
