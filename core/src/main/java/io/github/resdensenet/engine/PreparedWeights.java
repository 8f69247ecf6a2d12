package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.nn.BatchNorm2d;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Weights as inference plans want them: with the normalisation behind them folded in, in the form that a kernel asks for.
 * Plans share them. The model's own tensors stay as they are; {@link #update} follows them.
 *
 * <p>BN(W x) = s (W x - mean) + bias = (s W) x + (bias - s mean), s = weight / sqrt(var + eps).
 */
final class PreparedWeights implements AutoCloseable {
    private record Folded(Convolution convolution, BatchNorm2d normalization, Tensor weight, Tensor bias) {}

    private record Copy(Buffer from, Buffer to, memory source, memory target, reorder kernel) {}

    private final Map<Convolution, Folded> folded = new HashMap<>();
    private final Map<Convolution, List<Copy>> copies = new HashMap<>();
    private final Natives natives = new Natives();
    private final stream queue = natives.keep(new stream(ENGINE));

    /** A convolution's weights in a form, with a normalisation folded in if one is given. */
    Buffer weight(Convolution c, @Nullable BatchNorm2d normalization, memory.desc form) {
        for (Copy copy : copies.getOrDefault(c, List.of())) {
            if (copy.to.form().equals(form)) {
                return copy.to;
            }
        }
        Tensor w = normalization == null ? c.weight() : folded(c, normalization).weight;
        Buffer from = Buffer.at(w.data_ptr(), desc(F32, PLANES, w.size(0), w.size(1), c.kernel(), c.kernel()));
        Buffer to = Buffer.at(natives.keep(new BytePointer(form.get_size() + 64)), natives.keep(new memory.desc(form)));
        memory source = natives.keep(new memory(from.form(), ENGINE, from.address()));
        memory target = natives.keep(new memory(to.form(), ENGINE, to.address()));
        Copy copy = new Copy(from, to, source, target, natives.keep(new reorder(source, target)));
        run(copy);
        copies.computeIfAbsent(c, key -> new ArrayList<>()).add(copy);
        return to;
    }

    /** The constant behind a convolution, or null if it has none. */
    @Nullable
    Buffer bias(Convolution c, @Nullable BatchNorm2d normalization) {
        Tensor bias = normalization == null ? c.bias() : folded(c, normalization).bias;
        return bias == null ? null : Buffer.at(bias.data_ptr(), desc(F32, memory.format_tag.x, bias.numel()));
    }

    private Folded folded(Convolution c, BatchNorm2d normalization) {
        return folded.computeIfAbsent(c, key -> {
            Folded made = new Folded(
                    c,
                    normalization,
                    natives.keep(torch.empty_like(c.weight())),
                    natives.keep(torch.empty_like(normalization.bias)));
            fold(made);
            return made;
        });
    }

    private static void fold(Folded f) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            BatchNorm2d n = f.normalization;
            Tensor scale = n.weight.div(n.runningVar.add(new Scalar(n.eps)).sqrt());
            f.weight.copy_(f.convolution.weight().mul(scale.view(-1, 1, 1, 1)));
            Tensor constant = f.convolution.bias() == null
                    ? n.runningMean.neg()
                    : f.convolution.bias().sub(n.runningMean);
            f.bias.copy_(n.bias.add(scale.mul(constant)));
        }
    }

    private void run(Copy copy) {
        copy.kernel.execute(queue, copy.source, copy.target);
        queue._wait();
    }

    /** Takes over the model's tensors as they are now. */
    void update() {
        folded.values().forEach(PreparedWeights::fold);
        copies.values().forEach(list -> list.forEach(this::run));
    }

    @Override
    public void close() {
        natives.close();
    }
}
