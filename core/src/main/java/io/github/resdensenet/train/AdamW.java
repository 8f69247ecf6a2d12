package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.nn.ImageClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
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
 * The AdamW optimiser with PyTorch's default hyperparameters (I. Loshchilov, F. Hutter, "Decoupled Weight Decay
 * Regularization", ICLR 2019):
 *
 * <pre>
 * p = p (1 - lr weightDecay)
 * m = m + (1 - beta1) (g - m)
 * v = beta2 v + (1 - beta2) g g
 * p = p - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * </pre>
 *
 * <p>Parameters, gradients and both moments each occupy one block of memory. A step is therefore one pass over these
 * blocks, whatever the number of tensors. The model's parameters become views of the first block.
 *
 * <p>While the backbone is frozen, only the head is updated. The backbone has no weight decay and no moments then, and
 * its t starts at 1 afterwards, as in PyTorch for parameters without a gradient.
 */
final class AdamW implements AutoCloseable {
    static final double BETA1 = 0.9;
    static final double BETA2 = 0.999;
    static final double EPS = 1e-8;

    /** Computes a range by parts of whole vectors. A part receives its first element and the end of its range. */
    interface Division {
        void compute(long from, long to, BiConsumer<Long, Long> part);
    }

    private static final Division WHOLE = (from, to, part) -> part.accept(from, to);

    private final Map<String, Tensor> parameters;
    private final double weightDecay;
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor accumulated; // empty if gradients are never accumulated
    private final Tensor m;
    private final Tensor v;
    private final Tensor stepTensor;
    private final OperatorHandle fused;
    private final long headStart;
    private final long headEnd;
    private long step;
    private long frozenSteps;

    /**
     * Creates the optimiser and moves the model's parameters into its memory.
     *
     * @param weightDecay decoupled weight decay, applied to every parameter
     * @param accumulates whether {@link #accumulate} is used, which needs memory
     */
    AdamW(ImageClassifier model, double weightDecay, boolean accumulates) {
        this.parameters = model.namedParameters();
        this.weightDecay = weightDecay;
        try (NoGradGuard noGrad = new NoGradGuard()) {
            long total = model.parameterCount();
            Tensor first = parameters.values().iterator().next();
            values = torch.empty(new long[] {total}, first.options(), null);
            gradients = torch.zeros_like(values);
            accumulated = accumulates ? torch.zeros_like(values) : torch.empty(0);
            m = torch.zeros_like(values);
            v = torch.zeros_like(values);
            stepTensor = torch.zeros(new long[0], first.options()).to(ScalarType.Float);
            fused = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
            long offset = 0;
            long start = total;
            long end = 0;
            for (Map.Entry<String, Tensor> named : parameters.entrySet()) {
                Tensor parameter = named.getValue();
                try (PointerScope scope = new PointerScope()) {
                    Tensor view = view(values, parameter, offset);
                    view.copy_(parameter.detach());
                    parameter.set_data(view);
                    parameter.mutable_grad().put(view(gradients, parameter, offset));
                }
                boolean head = named.getKey().startsWith(model.headName() + ".");
                start = head ? Math.min(start, offset) : start;
                offset += parameter.numel();
                end = head ? offset : end;
            }
            headStart = start;
            headEnd = end;
        }
    }

    /** Returns the view of a block that belongs to a parameter, with the parameter's shape and strides. */
    private static Tensor view(Tensor block, Tensor parameter, long offset) {
        long[] strides = new long[(int) parameter.dim()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = parameter.stride(i);
        }
        return block.as_strided(parameter.shape(), strides, new LongOptional(offset));
    }

    /** Sets all gradients to zero. */
    void zeroGrad() {
        gradients.zero_();
    }

    /**
     * Adds the gradients of a batch to those of earlier batches.
     *
     * @param share weight of the batch
     * @param last whether it is the last batch before a step: the gradients become the sums, and the next sums start at 0
     */
    void accumulate(double share, boolean last) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            accumulated.add_(gradients, new Scalar(share));
            if (last) {
                gradients.copy_(accumulated);
                accumulated.zero_();
            }
        }
    }

    /**
     * Updates all parameters with their gradients.
     *
     * @param lr learning rate of this step
     * @throws ArithmeticException if a gradient is not finite; no parameter has changed then
     */
    void step(double lr) {
        step(lr, WHOLE);
    }

    /** The same by parts, for example on several threads; the division changes no bit of the result. */
    void step(double lr, Division division) {
        checkFinite(0, values.numel(), division);
        step++;
        if (frozenSteps == 0) {
            update(0, values.numel(), lr, step, division);
        } else {
            update(0, headStart, lr, step - frozenSteps, division);
            update(headStart, headEnd, lr, step, division);
            update(headEnd, values.numel(), lr, step - frozenSteps, division);
        }
    }

    /**
     * Updates only the parameters of the head, with their gradients.
     *
     * @param lr learning rate of this step
     * @throws ArithmeticException if a gradient of the head is not finite; no parameter has changed then
     */
    void stepHead(double lr) {
        checkFinite(headStart, headEnd, WHOLE);
        step++;
        frozenSteps++;
        update(headStart, headEnd, lr, step, WHOLE);
    }

    private void checkFinite(long from, long to, Division division) {
        AtomicBoolean finite = new AtomicBoolean(true);
        division.compute(from, to, (a, b) -> {
            try (PointerScope scope = new PointerScope()) {
                finite.compareAndSet(true, isFinite(slice(gradients, a, b)));
            }
        });
        if (!finite.get()) {
            throw new ArithmeticException("a gradient is not finite");
        }
    }

    private static Tensor slice(Tensor block, long from, long to) {
        return block.narrow(0, from, to - from);
    }

    /** Updates the parameters in the range [from, to) of the blocks; t is their step number, from 1. */
    private void update(long from, long to, double lr, long t, Division division) {
        try (PointerScope scope = new PointerScope()) {
            stepTensor.fill_(new Scalar((double) t));
        }
        division.compute(from, to, (a, b) -> update(a, b, lr));
    }

    private void update(long from, long to, double lr) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            fused.callBoxed(new IValueVector(
                    list(slice(values, from, to)),
                    list(slice(gradients, from, to)),
                    list(slice(m, from, to)),
                    list(slice(v, from, to)),
                    list(), // max_exp_avg_sqs, only for AMSGrad
                    list(stepTensor),
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

    private static IValue list(Tensor... tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }

    /** Returns whether every weight is finite. */
    boolean weightsAreFinite() {
        return isFinite(values);
    }

    /** Returns whether all values are finite: the sum of values with NaN or infinity is not finite. */
    private static boolean isFinite(Tensor block) {
        try (PointerScope scope = new PointerScope()) {
            return Double.isFinite(block.sum().item_double());
        }
    }

    /** Returns a checksum of the bytes of all parameters and moments. */
    int checksum() {
        CRC32C checksum = new CRC32C();
        for (Tensor block : new Tensor[] {values, m, v}) {
            checksum.update(block.data_ptr().capacity(block.nbytes()).asByteBuffer());
        }
        return (int) checksum.getValue();
    }

    /** Returns the number of steps so far, those with a frozen backbone included. */
    long steps() {
        return step;
    }

    /** Returns the moments by parameter name, and as metadata the numbers of all steps and of frozen steps. */
    Safetensors state() {
        Map<String, String> steps = new LinkedHashMap<>(Map.of("step", Long.toString(step)));
        if (frozenSteps > 0) {
            steps.put("frozen_steps", Long.toString(frozenSteps));
        }
        try (PointerScope scope = new PointerScope()) {
            return new Safetensors(ModelState.of(moments()), steps);
        }
    }

    /**
     * Restores a state returned by {@link #state}.
     *
     * @param source the file, for error messages
     */
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
            moments.put("exp_avg." + parameter.getKey(), view(m, parameter.getValue(), offset));
            moments.put("exp_avg_sq." + parameter.getKey(), view(v, parameter.getValue(), offset));
            offset += parameter.getValue().numel();
        }
        return moments;
    }

    @Override
    public void close() {
        for (Pointer block : new Pointer[] {values, gradients, accumulated, m, v, stepTensor, fused}) {
            block.close();
        }
    }
}
