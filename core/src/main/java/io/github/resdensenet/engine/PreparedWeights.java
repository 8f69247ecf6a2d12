package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.IdentityHashMap;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Weights for inference plans: with the following batch normalisation folded in, and in the layout that each kernel
 * needs. All plans of a model share them. The model's tensors are not modified. Call {@link #update} when they change.
 *
 * <p>BN(W x) = s (W x - mean) + bias = (s W) x + (bias - s mean), s = weight / sqrt(var + eps).
 */
final class PreparedWeights implements AutoCloseable {
    private record Folded(Convolution convolution, BatchNorm normalization, Tensor weight, Tensor bias) {}

    private final IdentityHashMap<Convolution, Folded> folded = new IdentityHashMap<>();
    private final WeightCopies copies = new WeightCopies();
    private final Natives natives = new Natives();

    /** The weights of a convolution in the given form, with the normalisation folded in unless it is null. */
    Buffer weight(Convolution c, @Nullable BatchNorm normalization, memory.desc form) {
        Tensor w = normalization == null ? c.weight() : folded(c, normalization).weight;
        Buffer plain = Buffer.at(w.data_ptr(), desc(F32, PLANES, w.size(0), w.size(1), c.kernel(), c.kernel()));
        return copies.copy(c, plain, form);
    }

    /** The bias of a convolution with the normalisation folded in, or null if there is neither. */
    @Nullable
    Buffer bias(Convolution c, @Nullable BatchNorm normalization) {
        Tensor bias = normalization == null ? c.bias() : folded(c, normalization).bias;
        return bias == null ? null : Buffer.at(bias.data_ptr(), desc(F32, memory.format_tag.x, bias.numel()));
    }

    private Folded folded(Convolution c, BatchNorm normalization) {
        return folded.computeIfAbsent(c, key -> {
            Folded result = new Folded(
                    c,
                    normalization,
                    natives.keep(torch.empty_like(c.weight())),
                    natives.keep(torch.empty_like(normalization.bias())));
            fold(result);
            return result;
        });
    }

    private static void fold(Folded f) {
        NativeSettings.onOneThread(
                () -> { // too short to divide
                    try (PointerScope scope = new PointerScope();
                            NoGradGuard noGrad = new NoGradGuard()) {
                        Tensor scale = scale(f.normalization);
                        f.weight.copy_(f.convolution.weight().mul(scale.view(-1, 1, 1, 1)));
                        f.bias.copy_(bias(f.convolution, f.normalization, scale));
                    }
                });
    }

    /** The factor of each channel in a normalisation, s in the formula above. */
    static Tensor scale(BatchNorm n) {
        return n.weight().div(n.runningVar().add(new Scalar(n.eps())).sqrt());
    }

    /** The bias of a convolution with the normalisation folded in. */
    static Tensor bias(Convolution c, BatchNorm n, Tensor scale) {
        Tensor constant = c.bias() == null ? n.runningMean().neg() : c.bias().sub(n.runningMean());
        return n.bias().add(scale.mul(constant));
    }

    /** Recomputes all weights from the model's current tensors. */
    void update() {
        folded.values().forEach(PreparedWeights::fold);
        updates().forEach(Runnable::run);
    }

    /** The copies as tasks that can run at the same time. They do not fold normalisations again. */
    List<Runnable> updates() {
        return copies.updates();
    }

    @Override
    public void close() {
        copies.close();
        natives.close();
    }
}
