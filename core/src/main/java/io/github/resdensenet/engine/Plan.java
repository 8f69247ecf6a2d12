package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.checked;
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
import org.bytedeco.dnnl.concat;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory_desc_vector;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc_base;

/** Base class of the plans: the memory layout of each value, and the instructions that both kinds of plan use. */
abstract class Plan implements AutoCloseable {
    final Network network;
    final int batch;
    final memory.data_type type;
    final memory.format_tag layout;
    final Program program = new Program();
    final Map<Integer, Buffer> values = new HashMap<>();

    Plan(Network network, int batch, memory.data_type type) {
        this(network, batch, type, OneDnn.layout(network.shapes().values()));
    }

    Plan(Network network, int batch, memory.data_type type, memory.format_tag layout) {
        this.network = network;
        this.batch = batch;
        this.type = type;
        this.layout = layout;
    }

    /** The number format of a value. */
    memory.data_type type(int id) {
        return type;
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
        Buffer y = program.allocate(form(c.output(), type(c.output())));
        arguments.add(new Argument(dnnl.DNNL_ARG_DST, y));
        concat.primitive_desc copy =
                checked(new concat.primitive_desc(ENGINE, y.form(), 1, sources, OneDnn.attributes(), false));
        add("concatenation", copy, new concat(copy), arguments);
        values.put(c.output(), y);
    }

    /** Adds the instructions of zero padding. */
    final void pad(Padding p) {
        Buffer y = program.allocate(form(p.output(), type(p.output())));
        program.clear("padding", y);
        program.reorder("padding", value(p.input()), middle(y, p), false);
        values.put(p.output(), y);
    }

    /** A view of a padded value without its border. */
    final Buffer middle(Buffer padded, Padding p) {
        Shape shape = network.shape(p.input());
        return padded.window(p.border(), shape.height(), shape.width());
    }

    /** The value in the given form: the value itself if its form is equal, otherwise a converted copy. */
    final Buffer converted(Buffer value, memory.desc form) {
        if (value.form().equals(form)) {
            return value;
        }
        Buffer copy = program.allocate(form);
        program.reorder(value.block() == null ? "weights" : "conversion", value, copy, false);
        return copy;
    }

    final void add(String kind, primitive_desc_base description, primitive kernel, List<Argument> arguments) {
        program.add(kind, description, kernel, arguments);
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
