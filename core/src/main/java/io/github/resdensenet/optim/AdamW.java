package io.github.resdensenet.optim;

import static io.github.resdensenet.optim.UpdateRule.list;
import static io.github.resdensenet.optim.UpdateRule.slice;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * AdamW with PyTorch's default hyperparameters (I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR
 * 2019):
 *
 * <pre>
 * p = p (1 - lr weightDecay)
 * m = m + (1 - beta1) (g - m)
 * v = beta2 v + (1 - beta2) g g
 * p = p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * </pre>
 */
final class AdamW implements UpdateRule {
    static final double BETA1 = 0.9;
    static final double BETA2 = 0.999;
    static final double EPS = 1e-8;

    private final Tensor values;
    private final Tensor gradients;
    private final Tensor m;
    private final Tensor v;
    private final Tensor step;
    private final OperatorHandle fused = UpdateRule.operator("aten::_fused_adamw_");

    AdamW(Tensor values, Tensor gradients) {
        this.values = values;
        this.gradients = gradients;
        m = torch.zeros_like(values);
        v = torch.zeros_like(values);
        step = torch.zeros(new long[0], values.options()).to(ScalarType.Float);
    }

    @Override
    public void begin(long number) {
        try (PointerScope scope = new PointerScope()) {
            step.fill_(new Scalar((double) number));
        }
    }

    @Override
    public void update(long from, long to, double lr, double weightDecay) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            fused.callBoxed(new IValueVector(
                    list(slice(values, from, to)),
                    list(slice(gradients, from, to)),
                    list(slice(m, from, to)),
                    list(slice(v, from, to)),
                    list(), // max_exp_avg_sqs, only for AMSGrad
                    list(step),
                    new IValue(lr),
                    new IValue(BETA1),
                    new IValue(BETA2),
                    new IValue(weightDecay),
                    new IValue(EPS),
                    new IValue(false), // amsgrad
                    new IValue(false), // maximize
                    new IValue(), // grad_scale
                    new IValue())); // found_inf
        }
    }

    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("exp_avg", m);
        state.put("exp_avg_sq", v);
        return state;
    }

    @Override
    public void close() {
        List.of(m, v, step, fused).forEach(Pointer::close);
    }
}
