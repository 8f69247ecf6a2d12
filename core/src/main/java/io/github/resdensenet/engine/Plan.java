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

/** What the two plans share: the form of each value, and instructions that both need. */
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

    /** Adds a node's instructions and puts its output among the values. */
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

    /** Copies the channels of a node's inputs side by side. */
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

    /** Puts a value in the middle of zeros. */
    final void pad(Padding p) {
        Buffer y = program.allocate(form(p.output(), type));
        program.clear("padding", y);
        reorder("padding", value(p.input()), middle(y, p), false);
        values.put(p.output(), y);
    }

    /** What a border of zeros surrounds. */
    final Buffer middle(Buffer padded, Padding p) {
        Shape shape = network.shape(p.input());
        return padded.window(p.border(), shape.height(), shape.width());
    }

    /** Writes a + b to sum, which may be a. */
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

    /** The value in another form: itself if it has that form, else a copy made by an instruction. */
    final Buffer converted(Buffer value, memory.desc form) {
        if (value.form().equals(form)) {
            return value;
        }
        Buffer copy = program.allocate(form);
        reorder(value.block() == null ? "weights" : "conversion", value, copy, false);
        return copy;
    }

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

    /** Refuses the kernels that only exist for completeness: they are a hundred times slower. */
    static <D extends primitive_desc_base> D checked(D description) {
        String kernel = OneDnn.kernel(description);
        if (kernel.startsWith("ref")) {
            throw new UnsupportedOperationException("oneDNN has only its reference kernel (" + kernel + ")");
        }
        return description;
    }

    final Buffer value(int id) {
        return Objects.requireNonNull(values.get(id));
    }

    /** How a value is kept: blocked or channels last, but for the image and the head's two values. */
    final memory.desc form(int id, memory.data_type kind) {
        Shape shape = network.shape(id);
        boolean image = id == 0 && layout != memory.format_tag.nhwc;
        memory.format_tag tag = image || isHead(id) ? PLANES : layout;
        return desc(kind, tag, batch, shape.channels(), shape.height(), shape.width());
    }

    final boolean isHead(int id) {
        return id == network.output();
    }

    final memory.desc plain(int id) {
        Shape shape = network.shape(id);
        return desc(F32, PLANES, batch, shape.channels(), shape.height(), shape.width());
    }

    @Override
    public void close() {
        program.close();
    }
}
