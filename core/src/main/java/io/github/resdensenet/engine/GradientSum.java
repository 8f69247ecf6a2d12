package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.ShardSum.Node;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;

/** Adds up some shards' gradients of a parameter, in the first shard's memory. */
final class GradientSum implements Runnable, AutoCloseable {
    private final Node node;
    private final Buffer target;
    private final List<Buffer> parts = new ArrayList<>();
    private final Program program = new Program();

    /**
     * Creates a sum without parts.
     *
     * @param node the shards
     * @param target receives the sum
     */
    GradientSum(Node node, Buffer target) {
        this.node = node;
        this.target = target;
    }

    /** Adds the next shard's gradient, at its final address. */
    void add(Buffer part) {
        parts.add(part);
    }

    /** Compiles the sum of the parts so far. */
    void compile() {
        memory.desc form = parts.get(0).form();
        memory.desc flat = desc(F32, memory.format_tag.x, form.get_size() / Float.BYTES);
        Buffer sum = ShardSum.of(
                node,
                shard -> converted(parts.get(shard - node.from()), form)
                        .as(flat), // padded channels are 0: adding them does no harm
                (a, b) -> {
                    program.add("gradient sums", a, b, a);
                    return a;
                });
        program.reorder("gradient sums", sum.as(form), target, false);
        program.seal();
    }

    private Buffer converted(Buffer part, memory.desc form) {
        if (part.form().equals(form)) {
            return part;
        }
        Buffer copy = program.allocate(form);
        program.reorder("gradient sums", part, copy, false);
        return copy;
    }

    @Override
    public void run() {
        program.run(0, program.size());
    }

    @Override
    public void close() {
        program.close();
    }
}
