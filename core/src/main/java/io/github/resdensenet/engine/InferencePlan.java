package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.NONE;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Part;
import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Forward pass in float32 or bfloat16.
 *
 * <p>A normalisation or addition after a convolution is fused into the convolution. In a blocked layout with one image,
 * the blocks of channels are contiguous in memory. Values that are concatenated are therefore written directly into the
 * concatenation and need no copy.
 */
final class InferencePlan extends ImagePlan {
    /** The place of a value inside a concatenation: the number of the concatenation and the first channel. */
    private record Slot(int concatenation, int channel) {}

    private final PreparedWeights weights;
    private final Map<Integer, Slot> slots = new HashMap<>();
    private final Map<Integer, Buffer> concatenations = new HashMap<>();

    InferencePlan(Network network, memory.data_type type, PreparedWeights weights) {
        super(network, type, OneDnn.layout(network.shapes().values()));
        this.weights = weights;
        try (PointerScope scope = new PointerScope()) {
            if (layout != memory.format_tag.nhwc) {
                assignSlots();
            }
            compile();
        }
    }

    /**
     * Assigns the inputs of each concatenation to a place inside its output. The last concatenation comes first,
     * because its inputs can be concatenations too.
     */
    private void assignSlots() {
        for (int i = network.nodes().size() - 1; i >= 0; i--) {
            if (network.nodes().get(i) instanceof Concatenation c) {
                Slot whole = slots.getOrDefault(c.output(), new Slot(c.output(), 0));
                slots.put(c.output(), whole);
                for (Part part : network.parts(c)) {
                    if (part.value() != 0) {
                        slots.putIfAbsent(
                                part.value(), new Slot(whole.concatenation, whole.channel + part.firstChannel()));
                    }
                }
            }
        }
    }

    /** A part of the concatenation that the value belongs to, or a separate block. */
    @Override
    Buffer place(int id) {
        Slot slot = slots.get(id);
        return slot == null ? super.place(id) : place(slot, form(id, type));
    }

    private Buffer place(Slot slot, memory.desc form) {
        Buffer whole = concatenations.computeIfAbsent(slot.concatenation, id -> program.allocate(form(id, type)));
        Shape shape = network.shape(slot.concatenation);
        long values = (long) slot.channel * shape.height() * shape.width();
        return whole.part(values * memory.data_type_size(type), form);
    }

    @Override
    void convolution(Convolution c) {
        boolean head = isHead(c.output());
        memory.data_type kind = head ? F32 : type;
        @Nullable Normalization norm = network.normalizationAfter(c);
        @Nullable Addition sum = network.additionAfter(c);
        int output = c.output();
        primitive_attr attributes = OneDnn.attributes();
        post_ops after = new post_ops();
        List<Argument> arguments = new ArrayList<>();
        if (norm != null) {
            fused.add(norm);
            output = norm.output();
            if (norm.relu()) {
                after.append_eltwise(dnnl.dnnl_eltwise_relu, 0, 0);
            }
        } else if (sum != null) {
            fused.add(sum);
            output = sum.output();
            add(after, arguments, value(Network.other(sum, c)));
        }
        attributes.set_post_ops(after);
        memory.desc src = source(c, type);
        memory.desc dst = form(output, kind);
        BatchNorm module = norm == null ? null : norm.module();
        Buffer bias = weights.bias(c, module);
        convolution_forward.primitive_desc forward =
                describe(c, src, kind, bias == null ? NONE : bias.form(), dst, attributes);
        Buffer y = head ? Buffer.at(logits, dst) : place(output);
        arguments.add(new Argument(dnnl.DNNL_ARG_SRC, converted(value(c.input()), src)));
        arguments.add(new Argument(dnnl.DNNL_ARG_WEIGHTS, weights.weight(c, module, forward.weights_desc())));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, y));
        if (bias != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, bias));
        }
        add("convolution", forward, new convolution_forward(forward), arguments);
        values.put(output, y);
    }

    @Override
    void normalization(Normalization n) {
        BatchNorm bn = n.module();
        memory.desc channels = desc(F32, memory.format_tag.x, bn.channels());
        normalize(
                "normalization",
                n,
                value(n.input()),
                n.relu(),
                bn.eps(),
                Buffer.at(bn.runningMean().data_ptr(), channels),
                Buffer.at(bn.runningVar().data_ptr(), channels),
                Buffer.at(bn.weight().data_ptr(), channels),
                Buffer.at(bn.bias().data_ptr(), channels));
    }

    @Override
    void concatenation(Concatenation c) {
        Slot whole = slots.get(c.output());
        if (whole == null) {
            concatenate(c);
            return;
        }
        for (Part part : network.parts(c)) {
            int input = part.value();
            Slot slot = new Slot(whole.concatenation, whole.channel + part.firstChannel());
            if (!slot.equals(slots.get(input))) {
                program.reorder("concatenation", value(input), place(slot, form(input, type)), false);
            }
        }
        values.put(c.output(), place(c.output()));
    }
}
