package io.github.resdensenet.optim;

import static io.github.resdensenet.optim.UpdateRule.slice;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Limits the norm of the gradients, as {@code torch.nn.utils.clip_grad_norm_}. */
final class GradientNorm {
    /** Elements per sum; libtorch computes so few on one thread, so the number of threads changes no bit. */
    private static final long PIECE = 1 << 14;

    private static final double EPS = 1e-6;

    private GradientNorm() {}

    /** Scales the gradients in the range [from, to) so that their Euclidean norm is at most {@code most}. */
    static void clip(Tensor gradients, long from, long to, double most) {
        double scale = most / (norm(gradients, from, to) + EPS);
        if (scale < 1) {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard noGrad = new NoGradGuard()) {
                slice(gradients, from, to).mul_(new Scalar(scale));
            }
        }
    }

    private static double norm(Tensor gradients, long from, long to) {
        double squares = 0;
        for (long start = from; start < to; start += PIECE) {
            try (PointerScope scope = new PointerScope()) {
                double norm = slice(gradients, start, Math.min(to, start + PIECE))
                        .norm()
                        .item_double();
                squares += norm * norm;
            }
        }
        return Math.sqrt(squares);
    }
}
