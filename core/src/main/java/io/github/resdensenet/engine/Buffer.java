package io.github.resdensenet.engine;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** A tensor in memory: its oneDNN descriptor and its location, in a block of the plan's arena or at a fixed address. */
final class Buffer {
    private final memory.desc form;
    private final Arena.@Nullable Block block;
    private final long offset;
    private final @Nullable Pointer address;
    private final boolean view;

    private Buffer(
            memory.desc form, Arena.@Nullable Block block, long offset, @Nullable Pointer address, boolean view) {
        this.form = form;
        this.block = block;
        this.offset = offset;
        this.address = address;
        this.view = view;
    }

    /** A dense value at the start of a block. */
    static Buffer in(Arena.Block block, memory.desc form) {
        return new Buffer(form, block, 0, null, false);
    }

    /** A value in memory that the plan does not own. The memory must not move while the plan uses it. */
    static Buffer at(Pointer address, memory.desc form) {
        return new Buffer(form, null, 0, address, false);
    }

    /** A view of a range of the channels. */
    Buffer channels(int from, int count) {
        long[] dims = OneDnn.dims(form);
        long[] offsets = new long[dims.length];
        offsets[1] = from;
        dims[1] = count;
        return new Buffer(form.submemory_desc(dims, offsets, false), block, offset, address, true);
    }

    /** A view of a height x width window of every channel; {@code from} is its first row and column. */
    Buffer window(int from, int height, int width) {
        long[] dims = OneDnn.dims(form);
        long[] offsets = {0, 0, from, from};
        long[] size = {dims[0], dims[1], height, width};
        return new Buffer(form.submemory_desc(size, offsets, false), block, offset, address, true);
    }

    /** A dense value in the same memory, {@code from} bytes after the start of this one. */
    Buffer part(long from, memory.desc other) {
        return new Buffer(other, block, offset + from, address, view);
    }

    /** The same bytes with a different descriptor. */
    Buffer as(memory.desc other) {
        return new Buffer(other, block, offset, address, view);
    }

    memory.desc form() {
        return form;
    }

    Arena.@Nullable Block block() {
        return block;
    }

    /** Bytes from the start of the block. */
    long offset() {
        return offset;
    }

    @Nullable
    Pointer address() {
        return address;
    }

    /** Whether this is a view of a part of a value, whose memory is not contiguous. */
    boolean isView() {
        return view;
    }
}
