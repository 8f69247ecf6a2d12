package io.github.resdensenet.optim;

import static io.github.resdensenet.optim.UpdateRule.list;
import static io.github.resdensenet.optim.UpdateRule.slice;

import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Stochastic gradient descent with momentum, as {@code torch.optim.SGD}:
 *
 * <pre>
 * g = g + weightDecay p
 * b = momentum b + g       (b = g in the first step)
 * p = p - lr (g + momentum b)  with Nesterov's momentum, otherwise p - lr b
 * </pre>
 */
final class Sgd implements UpdateRule {
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor buffer;
    private final double momentum;
    private final boolean nesterov;
    private final OperatorHandle fused = UpdateRule.operator("aten::_fused_sgd_");
    private boolean first;

    Sgd(Tensor values, Tensor gradients, double momentum, boolean nesterov) {
        this.values = values;
        this.gradients = gradients;
        this.momentum = momentum;
        this.nesterov = nesterov;
        buffer = torch.zeros_like(values);
    }

    @Override
    public void begin(long step) {
        first = step == 1;
    }

    @Override
    public void update(long from, long to, double lr, double weightDecay) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            fused.callBoxed(new IValueVector(
                    list(slice(values, from, to)),
                    list(slice(gradients, from, to)),
                    momentum > 0 ? list(slice(buffer, from, to)) : list(),
                    new IValue(weightDecay),
                    new IValue(momentum),
                    new IValue(lr),
                    new IValue(0.0), // dampening
                    new IValue(nesterov && momentum > 0),
                    new IValue(false), // maximize
                    new IValue(first),
                    new IValue(), // grad_scale
                    new IValue())); // found_inf
        }
    }

    @Override
    public Map<String, Tensor> state() {
        return Map.of("momentum_buffer", buffer);
    }

    @Override
    public void close() {
        buffer.close();
        fused.close();
    }
}
