package io.github.resdensenet.engine;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** A value in memory: its form, and its place, which is a block of the plan's arena or memory of someone else's. */
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

    /** A dense value in a block. */
    static Buffer in(Arena.Block block, memory.desc form) {
        return new Buffer(form, block, 0, null, false);
    }

    /** A value in memory of someone else's, which must stay where it is. */
    static Buffer at(Pointer address, memory.desc form) {
        return new Buffer(form, null, 0, address, false);
    }

    /** A part of the channels, in place. */
    Buffer channels(int from, int count) {
        long[] dims = OneDnn.dims(form);
        long[] offsets = new long[dims.length];
        offsets[1] = from;
        dims[1] = count;
        return new Buffer(form.submemory_desc(dims, offsets, false), block, offset, address, true);
    }

    /** A part of every channel, in place, from some row and column on. */
    Buffer window(int from, int height, int width) {
        long[] dims = OneDnn.dims(form);
        long[] offsets = {0, 0, from, from};
        long[] size = {dims[0], dims[1], height, width};
        return new Buffer(form.submemory_desc(size, offsets, false), block, offset, address, true);
    }

    /** A dense value in a part of this one's bytes. */
    Buffer part(long from, memory.desc other) {
        return new Buffer(other, block, offset + from, address, view);
    }

    /** The same bytes, seen in another form. */
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

    /** Whether this is a part of something, so that its neighbours in memory belong to others. */
    boolean isView() {
        return view;
    }
}
