package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.F32;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.engine.QuantizedFormats.Format;
import io.github.resdensenet.engine.QuantizedWeights.Affine;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
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
        boolean offsetLast = relu && !to.saturatesAtZero() && to.hasOffset();
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
        memory.desc src = source(c, source);
        memory.desc dst = form(output, target);
        Buffer bias = weights.bias(c);
        memory.data_type numbers = in8Bits ? memory.data_type.s8 : computing;
        convolution_forward.primitive_desc forward = describe(c, src, numbers, bias.form(), dst, attributes);
        Buffer y = head ? Buffer.at(logits, dst) : program.allocate(dst);
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, converted(value(c.input()), src)));
        arguments.add(new Argument(dnnl.DNNL_ARG_WEIGHTS, weights.weight(c, forward.weights_desc())));
        arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, bias));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, y));
        add(in8Bits ? "convolution, 8 bits" : "convolution", forward, new convolution_forward(forward), arguments);
        values.put(output, head ? y : converted(y, form(output, to.type())));
    }

    @Override
    void normalization(Normalization n) {
        Format to = formats.of(n.output());
        Affine a = weights.affine(n, formats.of(n.input()), to);
        Buffer x = converted(value(n.input()), form(n.input(), to.type()));
        boolean relu = n.relu() && !to.saturatesAtZero();
        String kind = to.is8Bit() ? "normalization, 8 bits" : "normalization";
        normalize(kind, n, x, relu, 0, a.mean(), a.variance(), a.scale(), a.shift());
    }

    @Override
    void concatenation(Concatenation c) {
        concatenate(c);
    }
}
