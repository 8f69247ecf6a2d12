package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.nn.ImageClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * AdamW with PyTorch's defaults (I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019):
 *
 * <pre>
 * p = p (1 - lr weightDecay)
 * m = m + (1 - beta1) (g - m)
 * v = beta2 v + (1 - beta2) g g
 * p = p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * </pre>
 *
 * <p>Parameters, gradients and both moments each lie in one block of memory, so a step is one pass over it however many
 * tensors the model has. The model's parameters become views of the first block.
 *
 * <p>While the body is frozen the head alone moves: the body has neither decay nor moments, and its t begins afterwards, as
 * in PyTorch for parameters without a gradient.
 */
final class AdamW implements AutoCloseable {
    static final double BETA1 = 0.9;
    static final double BETA2 = 0.999;
    static final double EPS = 1e-8;

    private final Map<String, Tensor> parameters;
    private final double weightDecay;
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor m;
    private final Tensor v;
    private final Tensor times;
    private final OperatorHandle fused;
    private final long headFrom;
    private final long headTo;
    private long step;
    private long frozenSteps;

    AdamW(ImageClassifier model, double weightDecay) {
        this.parameters = model.namedParameters();
        this.weightDecay = weightDecay;
        try (NoGradGuard noGrad = new NoGradGuard()) {
            long total = model.parameterCount();
            Tensor first = parameters.values().iterator().next();
            values = torch.empty(new long[] {total}, first.options(), null);
            gradients = torch.zeros_like(values);
            m = torch.zeros_like(values);
            v = torch.zeros_like(values);
            times = torch.zeros(new long[0], first.options()).to(ScalarType.Float);
            fused = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
            long offset = 0;
            long from = total;
            long to = 0;
            for (Map.Entry<String, Tensor> named : parameters.entrySet()) {
                Tensor parameter = named.getValue();
                try (PointerScope scope = new PointerScope()) {
                    Tensor view = part(values, parameter, offset);
                    view.copy_(parameter.detach());
                    parameter.set_data(view);
                    parameter.mutable_grad().put(part(gradients, parameter, offset));
                }
                boolean head = named.getKey().startsWith(model.headName() + ".");
                from = head ? Math.min(from, offset) : from;
                offset += parameter.numel();
                to = head ? offset : to;
            }
            headFrom = from;
            headTo = to;
        }
    }

    /** The part of a block that belongs to a parameter, with the parameter's shape and strides. */
    private static Tensor part(Tensor block, Tensor parameter, long offset) {
        long[] strides = new long[(int) parameter.dim()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = parameter.stride(i);
        }
        return block.as_strided(parameter.shape(), strides, new LongOptional(offset));
    }

    void zeroGrad() {
        gradients.zero_();
    }

    /**
     * One step along the gradients that backward() has added up.
     *
     * @throws ArithmeticException if one of them is not finite; nothing has moved then
     */
    void step(double lr) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            checkFinite(gradients);
            step++;
            if (frozenSteps == 0) {
                move(0, values.numel(), lr, step);
            } else {
                move(0, headFrom, lr, step - frozenSteps);
                move(headFrom, headTo, lr, step);
                move(headTo, values.numel(), lr, step - frozenSteps);
            }
        }
    }

    /** One step of the head alone, along its gradients. */
    void stepHead(double lr) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            checkFinite(range(gradients, headFrom, headTo));
            step++;
            frozenSteps++;
            move(headFrom, headTo, lr, step);
        }
    }

    private static void checkFinite(Tensor gradients) {
        if (!isFinite(gradients)) {
            throw new ArithmeticException("a gradient is not finite");
        }
    }

    private static Tensor range(Tensor block, long from, long to) {
        return block.narrow(0, from, to - from);
    }

    /** Step t of the parameters that lie between two places of the blocks. */
    private void move(long from, long to, double lr, long t) {
        times.fill_(new Scalar((double) t));
        fused.callBoxed(new IValueVector(
                list(range(values, from, to)),
                list(range(gradients, from, to)),
                list(range(m, from, to)),
                list(range(v, from, to)),
                list(), // largest moments, of AMSGrad
                list(times),
                new IValue(lr),
                new IValue(BETA1),
                new IValue(BETA2),
                new IValue(weightDecay),
                new IValue(EPS),
                new IValue(false), // AMSGrad
                new IValue(false), // towards larger losses
                new IValue(), // scale of the gradients
                new IValue())); // whether a scaled gradient is infinite
    }

    private static IValue list(Tensor... tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }

    /** Whether every weight is a number. */
    boolean weightsAreFinite() {
        return isFinite(values);
    }

    /** NaN and infinity outlive a sum. */
    private static boolean isFinite(Tensor block) {
        try (PointerScope scope = new PointerScope()) {
            return Double.isFinite(block.sum().item_double());
        }
    }

    long steps() {
        return step;
    }

    /** The moments by parameter name, and the step as metadata, with the number of the head's own if there are any. */
    Safetensors state() {
        Map<String, String> steps = new LinkedHashMap<>(Map.of("step", Long.toString(step)));
        if (frozenSteps > 0) {
            steps.put("frozen_steps", Long.toString(frozenSteps));
        }
        try (PointerScope scope = new PointerScope()) {
            return new Safetensors(ModelState.of(moments()), steps);
        }
    }

    void load(Safetensors state, Path source) throws IOException {
        try (PointerScope scope = new PointerScope()) {
            ModelState.load(moments(), state.tensors(), source);
        }
        step = Long.parseLong(state.metadata().getOrDefault("step", "0"));
        frozenSteps = Long.parseLong(state.metadata().getOrDefault("frozen_steps", "0"));
    }

    private Map<String, Tensor> moments() {
        Map<String, Tensor> moments = new LinkedHashMap<>();
        long offset = 0;
        for (Map.Entry<String, Tensor> parameter : parameters.entrySet()) {
            moments.put("exp_avg." + parameter.getKey(), part(m, parameter.getValue(), offset));
            moments.put("exp_avg_sq." + parameter.getKey(), part(v, parameter.getValue(), offset));
            offset += parameter.getValue().numel();
        }
        return moments;
    }

    @Override
    public void close() {
        for (Pointer block : new Pointer[] {values, gradients, m, v, times, fused}) {
            block.close();
        }
    }
}
