package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ANY;
import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.checked;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.engine.QuantizedFormats.Format;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Forward pass in 8 bits. Layers that need more precision are computed in bfloat16, or float32 without it.
 *
 * <p>Sums of 8-bit products are exact, so they do not depend on the order.
 */
final class QuantizedPlan extends ImagePlan {
    private static final int WEIGHT_SCALES = dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_WEIGHTS;

    private final QuantizedFormats formats;
    private final QuantizedWeights weights;

    QuantizedPlan(Network network, QuantizedFormats formats, memory.data_type floatType, QuantizedWeights weights) {
        super(network, floatType, memory.format_tag.nhwc);
        this.formats = formats;
        this.weights = weights;
        try (PointerScope scope = new PointerScope()) {
            compile();
        }
    }

    @Override
    memory.data_type type(int id) {
        return formats.of(id).type();
    }

    @Override
    Buffer input(Buffer image) {
        Format format = formats.of(0);
        if (!format.is8Bit()) {
            return super.input(image);
        }
        Buffer scale = weights.constant(new float[] {format.scale()[0]});
        Buffer levels = place(0);
        program.quantize("conversion", image, levels, scale);
        return levels;
    }

    @Override
    void convolution(Convolution c) {
        boolean head = isHead(c.output());
        boolean in8Bits = formats.in8Bits(c);
        @Nullable Normalization norm = network.normalizationAfter(c);
        @Nullable Addition sum = network.additionAfter(c);
        int output = norm != null ? norm.output() : sum != null ? sum.output() : c.output();
        Format to = formats.of(output);
        boolean relu = norm != null && norm.relu();
        boolean offsetLast = relu && !to.saturatesAtZero() && hasOffset(to);
        weights.prepare(
                c, norm == null ? null : norm.module(), formats.of(c.input()), to, in8Bits, sum == null && !offsetLast);

        List<Argument> arguments = new ArrayList<>();
        post_ops after = new post_ops();
        if (relu && !to.saturatesAtZero()) {
            after.append_eltwise(dnnl.dnnl_eltwise_relu, 0, 0);
        }
        if (offsetLast) {
            add(after, arguments, weights.offset(c));
        }
        if (sum != null) {
            add(after, arguments, value(Network.other(sum, c)));
        }
        if (norm != null) {
            fused.add(norm);
        } else if (sum != null) {
            fused.add(sum);
        }
        primitive_attr attributes = OneDnn.attributes();
        attributes.set_post_ops(after);
        if (in8Bits) {
            attributes.set_scales_mask(dnnl.DNNL_ARG_WEIGHTS, 1);
            arguments.add(new Argument(WEIGHT_SCALES, weights.scale(c)));
        }

        memory.data_type computing = head ? F32 : type;
        memory.data_type source = in8Bits ? type(c.input()) : computing;
        memory.data_type target = in8Bits || !to.is8Bit() ? to.type() : F32;
        Shape from = network.shape(c.input());
        memory.desc src = head ? desc(F32, PLANES, 1, from.channels(), 1, 1) : form(c.input(), source);
        memory.desc dst = form(output, target);
        Buffer bias = weights.bias(c);
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.padding(), c.padding()};
        convolution_forward.primitive_desc forward = checked(new convolution_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_inference,
                dnnl.dnnl_convolution_direct,
                src,
                desc(
                        in8Bits ? memory.data_type.s8 : computing,
                        ANY,
                        c.weight().size(0),
                        from.channels(),
                        c.kernel(),
                        c.kernel()),
                bias.form(),
                dst,
                stride,
                padding,
                padding,
                attributes,
                false));
        Buffer y = head ? Buffer.at(logits, dst) : program.allocate(dst);
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, converted(value(c.input()), src)));
        arguments.add(new Argument(dnnl.DNNL_ARG_WEIGHTS, weights.weight(c, forward.weights_desc())));
        arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, bias));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, y));
        add(in8Bits ? "convolution, 8 bits" : "convolution", forward, new convolution_forward(forward), arguments);
        values.put(output, head ? y : converted(y, form(output, to.type())));
    }

    private static boolean hasOffset(Format format) {
        for (float offset : format.offset()) {
            if (offset != 0) {
                return true;
            }
        }
        return false;
    }

    private static void add(post_ops after, List<Argument> arguments, Buffer summand) {
        int position = after.len();
        after.append_binary(dnnl.dnnl_binary_add, summand.form());
        arguments.add(
                new Argument(dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (position + 1) | dnnl.DNNL_ARG_SRC_1, summand));
    }

    /** Normalises stored numbers to stored numbers: scales and offsets are part of the normalisation's own. */
    @Override
    void normalization(Normalization n) {
        Format from = formats.of(n.input());
        Format to = formats.of(n.output());
        BatchNorm bn = n.module();
        int channels = bn.channels();
        float[] mean = read(bn.runningMean().data_ptr(), channels);
        float[] variance = read(bn.runningVar().data_ptr(), channels);
        float[] gamma = read(bn.weight().data_ptr(), channels);
        float[] beta = read(bn.bias().data_ptr(), channels);
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            double factor = gamma[c] / Math.sqrt(variance[c] + bn.eps());
            double perLevel = factor * from.scale()[c] / to.scale()[c];
            scale[c] = (float) perLevel;
            shift[c] = (float)
                    ((beta[c] - factor * mean[c]) / to.scale()[c] - perLevel * from.offset()[c] + to.offset()[c]);
        }
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        memory.desc form = form(n.input(), to.type());
        int flags = dnnl.dnnl_use_global_stats
                | dnnl.dnnl_use_scale
                | dnnl.dnnl_use_shift
                | (n.relu() && !to.saturatesAtZero() ? dnnl.dnnl_fuse_norm_relu : 0);
        batch_normalization_forward.primitive_desc forward = checked(new batch_normalization_forward.primitive_desc(
                ENGINE, dnnl.dnnl_forward_inference, form, form, 0f, flags, OneDnn.attributes(), false));
        Buffer y = place(n.output());
        add(
                to.is8Bit() ? "normalization, 8 bits" : "normalization",
                forward,
                new batch_normalization_forward(forward),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC, converted(value(n.input()), form)),
                        new Argument(dnnl.DNNL_ARG_DST, y),
                        new Argument(dnnl.DNNL_ARG_MEAN, weights.constant(new float[channels])),
                        new Argument(dnnl.DNNL_ARG_VARIANCE, weights.constant(ones)),
                        new Argument(dnnl.DNNL_ARG_SCALE, weights.constant(scale)),
                        new Argument(dnnl.DNNL_ARG_SHIFT, weights.constant(shift))));
        values.put(n.output(), y);
    }

    private static float[] read(org.bytedeco.javacpp.Pointer address, int count) {
        float[] values = new float[count];
        new FloatPointer(address).get(values);
        return values;
    }

    @Override
    void concatenation(Concatenation c) {
        concatenate(c);
    }

    @Override
    void addition(Addition a) {
        Buffer y = place(a.output());
        program.add("addition", value(a.inputs().get(0)), value(a.inputs().get(1)), y);
        values.put(a.output(), y);
    }
}
