package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ENGINE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;

/**
 * A list of oneDNN primitives in execution order, and the memory of their values. Any thread may run it, but only one at
 * a time: its primitives do not use oneDNN's scratch memory, which belongs to the thread that creates a primitive.
 */
final class Program implements AutoCloseable {
    /** An argument of a primitive: oneDNN's number of the argument, and its value. */
    record Argument(int number, Buffer value) {}

    private record Instruction(String kind, Runnable action) {}

    private final Natives natives = new Natives();
    private final stream queue = natives.keep(new stream(ENGINE));
    private final Arena arena = new Arena();
    private final Workspace ownWorkspace = new Workspace();
    private final List<Instruction> instructions = new ArrayList<>();
    private final List<Consumer<Long>> bindings = new ArrayList<>();
    private final Map<Buffer, memory> memories = new HashMap<>();
    private long base;

    /** Reserves memory for a dense value. */
    Buffer allocate(memory.desc form) {
        return Buffer.in(arena.reserve(form.get_size()), form);
    }

    /**
     * Adds an instruction that runs a primitive.
     *
     * @param kind the kind of operation, for profiles
     * @param description the description of the primitive, created with {@link OneDnn#attributes()}
     */
    void add(String kind, primitive_desc_base description, primitive kernel, List<Argument> arguments) {
        List<Argument> values = new ArrayList<>(arguments);
        memory.desc scratchpad = description.scratchpad_desc();
        if (scratchpad.get_size() > 0) {
            values.add(new Argument(dnnl.DNNL_ARG_SCRATCHPAD, allocate(natives.keep(scratchpad))));
        }
        IntMemoryMap map = natives.keep(new IntMemoryMap());
        natives.keep(kernel);
        for (Argument value : values) {
            use(value.value);
            bindings.add(base -> map.put(
                    value.number,
                    memories.computeIfAbsent(
                            value.value, v -> natives.keep(new memory(v.form(), ENGINE, place(v, base))))));
        }
        instructions.add(new Instruction(kind, () -> kernel.execute(queue, map)));
    }

    /** Adds an instruction that runs Java code after all earlier instructions have finished. */
    void add(String kind, Runnable action) {
        instructions.add(new Instruction(kind, () -> {
            queue._wait();
            action.run();
        }));
    }

    /** Adds the instruction sum = a + b. The sum may be the same buffer as a. */
    void add(String kind, Buffer a, Buffer b, Buffer sum) {
        binary.primitive_desc addition = OneDnn.checked(new binary.primitive_desc(
                ENGINE, dnnl.dnnl_binary_add, a.form(), b.form(), sum.form(), OneDnn.attributes(), false));
        add(
                kind,
                addition,
                new binary(addition),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC_0, a),
                        new Argument(dnnl.DNNL_ARG_SRC_1, b),
                        new Argument(dnnl.DNNL_ARG_DST, sum)));
    }

    /** Adds the copy of a value into another form; with {@code addTo} it is added to the target instead. */
    void reorder(String kind, Buffer from, Buffer to, boolean addTo) {
        primitive_attr attributes = OneDnn.attributes();
        if (addTo) {
            post_ops sum = new post_ops();
            sum.append_sum();
            attributes.set_post_ops(sum);
        }
        reorder(kind, from, to, attributes, List.of());
    }

    /** Adds the copy of a float32 value divided by a scale into an 8-bit value. */
    void quantize(String kind, Buffer from, Buffer to, Buffer scale) {
        primitive_attr attributes = OneDnn.attributes();
        attributes.set_scales_mask(dnnl.DNNL_ARG_DST, 0);
        Argument divisor = new Argument(dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_TO, scale);
        reorder(kind, from, to, attributes, List.of(divisor));
    }

    private void reorder(String kind, Buffer from, Buffer to, primitive_attr attributes, List<Argument> more) {
        reorder.primitive_desc copy =
                new reorder.primitive_desc(ENGINE, from.form(), ENGINE, to.form(), attributes, false);
        List<Argument> arguments = new ArrayList<>(more);
        arguments.add(new Argument(dnnl.DNNL_ARG_FROM, from));
        arguments.add(new Argument(dnnl.DNNL_ARG_TO, to));
        add(kind, copy, new reorder(copy), arguments);
    }

    /** Adds an instruction that sets every byte of a value to 0. */
    void clear(String kind, Buffer value) {
        use(value);
        Address[] start = new Address[1];
        bindings.add(base -> start[0] = new Address(place(value, base).address()));
        long bytes = value.form().get_size();
        add(kind, () -> Pointer.memset(Objects.requireNonNull(start[0]), 0, bytes));
    }

    /** Records that the next instruction reads or writes a value. */
    void use(Buffer value) {
        if (value.block() != null) {
            value.block().use(instructions.size());
        }
    }

    /** The number of instructions. */
    int size() {
        return instructions.size();
    }

    /** The same value at its final address; call it after {@link #seal}. */
    Buffer located(Buffer value) {
        return Buffer.at(place(value, base), value.form());
    }

    /** Allocates memory of its own. Instructions cannot be added afterwards. */
    void seal() {
        seal(ownWorkspace);
    }

    /** Allocates the memory. Instructions cannot be added afterwards. */
    void seal(Workspace workspace) {
        base = workspace.address(arena.layOut());
        bindings.forEach(binding -> binding.accept(base));
    }

    private static Pointer place(Buffer value, long base) {
        return value.block() == null
                ? Objects.requireNonNull(value.address())
                : new Address(base + value.block().offset() + value.offset());
    }

    /** Changes the address of a value outside the arena. The memory must stay valid while instructions use it. */
    void move(Buffer value, Pointer address) {
        Objects.requireNonNull(memories.get(value)).set_data_handle(address);
    }

    /** An address in memory that this pointer does not own. */
    static final class Address extends Pointer {
        Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    /** Runs instructions {@code from} (inclusive) to {@code to} (exclusive) and waits for them. */
    void run(int from, int to) {
        for (int i = from; i < to; i++) {
            instructions.get(i).action.run();
        }
        queue._wait();
    }

    /** Runs instructions one at a time and returns the total time of each kind in milliseconds. */
    Map<String, Double> profile(int from, int to) {
        Map<String, Double> times = new LinkedHashMap<>();
        for (int i = from; i < to; i++) {
            long start = System.nanoTime();
            run(i, i + 1);
            times.merge(instructions.get(i).kind, (System.nanoTime() - start) / 1e6, Double::sum);
        }
        return times;
    }

    @Override
    public void close() {
        natives.close();
        ownWorkspace.close();
    }
}
