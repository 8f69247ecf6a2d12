package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Program.Argument;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.concat;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory_desc_vector;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;

/** Base class of the plans: the memory layout of each value, and the instructions that both kinds of plan use. */
abstract class Plan implements AutoCloseable {
    final Network network;
    final int batch;
    final memory.data_type type;
    final memory.format_tag layout;
    final Program program = new Program();
    final Map<Integer, Buffer> values = new HashMap<>();

    Plan(Network network, int batch, memory.data_type type) {
        this.network = network;
        this.batch = batch;
        this.type = type;
        this.layout = OneDnn.layout(network.shapes().values());
    }

    /** Adds the instructions of a node and stores its output in {@link #values}. */
    final void add(Node node) {
        if (node instanceof Convolution c) {
            convolution(c);
        } else if (node instanceof Normalization n) {
            normalization(n);
        } else if (node instanceof Pooling p) {
            pooling(p);
        } else if (node instanceof Padding p) {
            padding(p);
        } else if (node instanceof Concatenation c) {
            concatenation(c);
        } else if (node instanceof Addition a) {
            addition(a);
        }
    }

    abstract void convolution(Convolution c);

    abstract void normalization(Normalization n);

    abstract void pooling(Pooling p);

    abstract void padding(Padding p);

    abstract void concatenation(Concatenation c);

    abstract void addition(Addition a);

    /** Adds the copy of all inputs of a concatenation into its output. */
    final void concatenate(Concatenation c) {
        memory_desc_vector sources = new memory_desc_vector();
        List<Argument> arguments = new ArrayList<>();
        for (int input : c.inputs()) {
            sources.push_back(value(input).form());
            arguments.add(new Argument(dnnl.DNNL_ARG_MULTIPLE_SRC + arguments.size(), value(input)));
        }
        Buffer y = program.allocate(form(c.output(), type));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, y));
        add("concatenation", new concat(checked(new concat.primitive_desc(ENGINE, y.form(), 1, sources))), arguments);
        values.put(c.output(), y);
    }

    /** Adds the instructions of zero padding. */
    final void pad(Padding p) {
        Buffer y = program.allocate(form(p.output(), type));
        program.clear("padding", y);
        reorder("padding", value(p.input()), middle(y, p), false);
        values.put(p.output(), y);
    }

    /** A view of a padded value without its border. */
    final Buffer middle(Buffer padded, Padding p) {
        Shape shape = network.shape(p.input());
        return padded.window(p.border(), shape.height(), shape.width());
    }

    /** Adds the instruction sum = a + b. The sum may be the same buffer as a. */
    final void add(String kind, Buffer a, Buffer b, Buffer sum) {
        binary.primitive_desc addition =
                checked(new binary.primitive_desc(ENGINE, dnnl.dnnl_binary_add, a.form(), b.form(), sum.form()));
        add(
                kind,
                new binary(addition),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC_0, a),
                        new Argument(dnnl.DNNL_ARG_SRC_1, b),
                        new Argument(dnnl.DNNL_ARG_DST, sum)));
    }

    /** The value in the given form: the value itself if its form is equal, otherwise a converted copy. */
    final Buffer converted(Buffer value, memory.desc form) {
        if (value.form().equals(form)) {
            return value;
        }
        Buffer copy = program.allocate(form);
        reorder(value.block() == null ? "weights" : "conversion", value, copy, false);
        return copy;
    }

    /** Adds the copy of a value into another form; with {@code addTo} it is added to the target instead. */
    final void reorder(String kind, Buffer from, Buffer to, boolean addTo) {
        primitive_attr attributes = new primitive_attr();
        if (addTo) {
            post_ops sum = new post_ops();
            sum.append_sum();
            attributes.set_post_ops(sum);
        }
        reorder.primitive_desc copy =
                new reorder.primitive_desc(ENGINE, from.form(), ENGINE, to.form(), attributes, false);
        add(
                kind,
                new reorder(copy),
                List.of(new Argument(dnnl.DNNL_ARG_FROM, from), new Argument(dnnl.DNNL_ARG_TO, to)));
    }

    final void add(String kind, primitive kernel, List<Argument> arguments) {
        program.add(kind, kernel, arguments.toArray(new Argument[0]));
    }

    /**
     * Returns the description of a primitive if oneDNN has an optimised kernel for it.
     *
     * @throws UnsupportedOperationException if there is only a reference kernel, which is about 100 times slower
     */
    static <D extends primitive_desc_base> D checked(D description) {
        if (isReference(description)) {
            throw new UnsupportedOperationException(
                    "oneDNN has no optimised kernel, only a reference kernel (" + OneDnn.kernel(description) + ")");
        }
        return description;
    }

    static boolean isReference(primitive_desc_base description) {
        return OneDnn.kernel(description).startsWith("ref");
    }

    final Buffer value(int id) {
        return Objects.requireNonNull(values.get(id));
    }

    /** The descriptor of a value in the plan's layout. The logits, and the image of a blocked layout, are in NCHW. */
    final memory.desc form(int id, memory.data_type kind) {
        Shape shape = network.shape(id);
        boolean image = id == 0 && layout != memory.format_tag.nhwc;
        memory.format_tag tag = image || isHead(id) ? PLANES : layout;
        return desc(kind, tag, batch, shape.channels(), shape.height(), shape.width());
    }

    final boolean isHead(int id) {
        return id == network.output();
    }

    /** The descriptor of a value as float32 in NCHW. */
    final memory.desc plain(int id) {
        Shape shape = network.shape(id);
        return desc(F32, PLANES, batch, shape.channels(), shape.height(), shape.width());
    }

    @Override
    public void close() {
        program.close();
    }
}
