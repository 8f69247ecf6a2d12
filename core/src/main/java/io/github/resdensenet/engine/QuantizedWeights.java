package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.QuantizedFormats.Format;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Weights for plans in 8 bits. The following batch normalisation and the scales and offsets of input and output are
 * folded in. All plans of a model share them. The model's tensors are not modified.
 *
 * <p>With stored input q = x / s + o and stored output y / t + p, a convolution y = W x + b is W (s / t) q + b / t - o (s /
 * t) sum(W) + p.
 */
final class QuantizedWeights implements AutoCloseable {
    private static final double LARGEST_LEVEL = 127;
    private static final double SMALLEST_SCALE = 1e-12;

    /**
     * The numbers of a convolution.
     *
     * @param plain int8 levels or float32, [out, in, kernel, kernel]
     * @param scale factors of the sums of levels, [out]; null for float32
     * @param bias added to the scaled sums, [out]
     * @param offset offset of the output, [out]; the bias has it too unless a ReLU comes between
     */
    private record Numbers(Tensor plain, @Nullable Tensor scale, Tensor bias, Tensor offset) {}

    /** The numbers of a normalisation: its mean is 0 and its variance 1; all are [channels]. */
    record Affine(Buffer mean, Buffer variance, Buffer scale, Buffer shift) {}

    private final IdentityHashMap<Normalization, List<Tensor>> affine = new IdentityHashMap<>();
    private final IdentityHashMap<Convolution, Numbers> numbers = new IdentityHashMap<>();
    private final WeightCopies copies = new WeightCopies();
    private final Natives natives = new Natives();

    /**
     * Computes the numbers of a convolution. The other methods need them.
     *
     * @param normalization the normalisation after the convolution, or null
     * @param from format of the input
     * @param to format of the output
     * @param in8Bits whether the weights become levels in 8 bits
     * @param offsetInBias whether the bias contains the output's offset
     */
    void prepare(
            Convolution c,
            @Nullable BatchNorm normalization,
            Format from,
            Format to,
            boolean in8Bits,
            boolean offsetInBias) {
        if (numbers.containsKey(c)) {
            return;
        }
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Numbers computed =
                    NativeSettings.onOneThread(() -> compute(c, normalization, from, to, in8Bits, offsetInBias));
            numbers.put(c, computed);
        }
    }

    private Numbers compute(
            Convolution c,
            @Nullable BatchNorm normalization,
            Format from,
            Format to,
            boolean in8Bits,
            boolean offsetInBias) {
        Tensor weight = c.weight().view(c.weight().size(0), -1);
        Tensor bias;
        if (normalization == null) {
            bias = c.bias() == null ? torch.zeros(weight.size(0)) : c.bias();
        } else {
            Tensor factor = PreparedWeights.scale(normalization);
            weight = weight.mul(factor.view(-1, 1));
            bias = PreparedWeights.bias(c, normalization, factor);
        }
        Tensor perOutput = tensor(to.scale());
        Tensor toOutput =
                torch.full_like(perOutput, new Scalar(from.scale()[0])).div(perOutput);
        Tensor levels;
        Tensor scale = null;
        if (in8Bits) {
            Tensor step = torch.maximum(
                            weight.amax(new long[] {1}, false),
                            weight.amin(new long[] {1}, false).neg())
                    .div(new Scalar(LARGEST_LEVEL))
                    .clamp_min(new Scalar(SMALLEST_SCALE));
            levels = weight.div(step.view(-1, 1)).round_();
            scale = step.mul(toOutput);
        } else {
            levels = weight.mul(toOutput.view(-1, 1));
        }
        Tensor sums = levels.sum(1);
        Tensor inputOffset = (scale == null ? sums : sums.mul(scale)).mul(new Scalar(from.offset()[0]));
        Tensor offset = tensor(to.offset());
        Tensor shifted = bias.div(perOutput).sub(inputOffset);
        return new Numbers(
                natives.keep(in8Bits ? levels.to(ScalarType.Char) : levels.contiguous()),
                scale == null ? null : natives.keep(scale.contiguous()),
                natives.keep((offsetInBias ? shifted.add(offset) : shifted).contiguous()),
                natives.keep(offset));
    }

    /** The weight in a kernel's layout. */
    Buffer weight(Convolution c, memory.desc form) {
        Numbers n = of(c);
        memory.data_type type = n.scale == null ? F32 : memory.data_type.s8;
        memory.desc plain = desc(type, PLANES, c.weight().size(0), c.weight().size(1), c.kernel(), c.kernel());
        return copies.copy(c, Buffer.at(n.plain.data_ptr(), plain), form);
    }

    /** The factors of the sums of levels, [out]. */
    Buffer scale(Convolution c) {
        return perChannel(Objects.requireNonNull(of(c).scale));
    }

    /** The bias, [out]. */
    Buffer bias(Convolution c) {
        return perChannel(of(c).bias);
    }

    /** The offset of the output, [1, out, 1, 1]. */
    Buffer offset(Convolution c) {
        Tensor offset = of(c).offset;
        return Buffer.at(offset.data_ptr(), desc(F32, PLANES, 1, offset.numel(), 1, 1));
    }

    private static Buffer perChannel(Tensor values) {
        return Buffer.at(values.data_ptr(), desc(F32, memory.format_tag.x, values.numel()));
    }

    private Numbers of(Convolution c) {
        return Objects.requireNonNull(numbers.get(c));
    }

    /**
     * A normalisation of stored numbers to stored numbers, with scales and offsets as part of its own.
     *
     * @param from format of the input
     * @param to format of the output
     */
    Affine affine(Normalization n, Format from, Format to) {
        List<Tensor> t = affine.computeIfAbsent(n, key -> compute(key.module(), from, to));
        return new Affine(perChannel(t.get(0)), perChannel(t.get(1)), perChannel(t.get(2)), perChannel(t.get(3)));
    }

    private List<Tensor> compute(BatchNorm bn, Format from, Format to) {
        float[] mean = Natives.values(bn.runningMean());
        float[] variance = Natives.values(bn.runningVar());
        float[] gamma = Natives.values(bn.weight());
        float[] beta = Natives.values(bn.bias());
        float[] scale = new float[bn.channels()];
        float[] shift = new float[bn.channels()];
        for (int c = 0; c < scale.length; c++) {
            double factor = gamma[c] / Math.sqrt(variance[c] + bn.eps());
            double perLevel = factor * from.scale()[c] / to.scale()[c];
            scale[c] = (float) perLevel;
            shift[c] = (float)
                    ((beta[c] - factor * mean[c]) / to.scale()[c] - perLevel * from.offset()[c] + to.offset()[c]);
        }
        float[] ones = new float[bn.channels()];
        Arrays.fill(ones, 1);
        return Stream.of(new float[bn.channels()], ones, scale, shift)
                .map(values -> natives.keep(tensor(values)))
                .toList();
    }

    /** Constant numbers, one per channel, that live as long as these weights. */
    Buffer constant(float[] values) {
        return perChannel(natives.keep(tensor(values)));
    }

    @Override
    public void close() {
        copies.close();
        natives.close();
    }

    private static Tensor tensor(float[] values) {
        try (FloatPointer pointer = new FloatPointer(values)) {
            return torch.from_blob(pointer, values.length).clone();
        }
    }
}
