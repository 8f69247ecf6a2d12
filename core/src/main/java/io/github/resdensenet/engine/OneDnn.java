package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.util.NativeCache;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/** The oneDNN library: its CPU engine, and short names for the constants and functions that the plans use. */
final class OneDnn {
    static {
        NativeCache.prepare(dnnl.class);
    }

    static final engine ENGINE = outliving(new engine(engine.kind.cpu, 0));
    static final memory.data_type F32 = memory.data_type.f32;
    static final memory.data_type BF16 = memory.data_type.bf16;
    static final memory.format_tag PLANES = memory.format_tag.nchw;
    static final memory.format_tag ANY = memory.format_tag.any;
    static final memory.desc NONE = outliving(new memory.desc());

    private static final Map<String, Integer> INSTRUCTION_SETS = new LinkedHashMap<>();

    static {
        INSTRUCTION_SETS.put("avx2", dnnl.dnnl_cpu_isa_avx2);
        INSTRUCTION_SETS.put("avx2_vnni", dnnl.dnnl_cpu_isa_avx2_vnni);
        INSTRUCTION_SETS.put("avx512_core", dnnl.dnnl_cpu_isa_avx512_core);
        INSTRUCTION_SETS.put("avx512_core_vnni", dnnl.dnnl_cpu_isa_avx512_core_vnni);
        INSTRUCTION_SETS.put("avx512_core_bf16", dnnl.dnnl_cpu_isa_avx512_core_bf16);
        INSTRUCTION_SETS.put("avx512_core_amx", dnnl.dnnl_cpu_isa_avx512_core_amx);
    }

    private OneDnn() {}

    /** Keeps a pointer alive after the scope in which it is created. */
    private static <P extends Pointer> P outliving(P pointer) {
        if (PointerScope.getInnerScope() != null) {
            pointer.retainReference();
        }
        return pointer;
    }

    static memory.desc desc(memory.data_type type, memory.format_tag tag, long... dims) {
        return new memory.desc(dims, type, tag);
    }

    static long[] dims(memory.desc form) {
        LongPointer dims = form.get_dims();
        long[] copy = new long[form.get_ndims()];
        dims.get(copy);
        return copy;
    }

    /**
     * The memory layout for values of the given shapes: blocks of as many channels as a vector register holds if the
     * channels of all values fill whole blocks, otherwise channels last, which supports any number of channels.
     */
    static memory.format_tag layout(Collection<Shape> shapes) {
        boolean wide = has(dnnl.dnnl_cpu_isa_avx512_core);
        int block = wide ? 16 : 8;
        boolean filled = shapes.stream()
                .filter(s -> s.height() > 1)
                .allMatch(s -> s.channels() == 3 || s.channels() % block == 0);
        if (!filled) {
            return memory.format_tag.nhwc;
        }
        return wide ? memory.format_tag.nChw16c : memory.format_tag.nChw8c;
    }

    /** The number of channels per block of a blocked layout. */
    static int block(memory.format_tag layout) {
        return layout == memory.format_tag.nChw16c ? 16 : 8;
    }

    /** Attributes of a primitive whose scratch memory is an argument. */
    static primitive_attr attributes() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.dnnl_scratchpad_mode_user);
        return attributes;
    }

    /**
     * Returns the description of a primitive if oneDNN has an optimised kernel for it.
     *
     * @throws UnsupportedOperationException if there is only a reference kernel, which is about 100 times slower
     */
    static <D extends primitive_desc_base> D checked(D description) {
        if (isReference(description)) {
            throw new UnsupportedOperationException(
                    "oneDNN has no optimised kernel, only a reference kernel (" + kernel(description) + ")");
        }
        return description;
    }

    static boolean isReference(primitive_desc_base description) {
        return kernel(description).startsWith("ref");
    }

    /** The name of a primitive's kernel, for example "brg_conv_fwd:avx512_core". */
    static String kernel(primitive_desc_base description) {
        return description.impl_info_str().getString();
    }

    /** Whether the processor multiplies and adds 8-bit numbers in one instruction. Without it, oneDNN's sums can overflow. */
    static boolean has8BitDotProducts() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_vnni) || has(dnnl.dnnl_cpu_isa_avx2_vnni);
    }

    /** Whether the processor multiplies bfloat16 numbers. */
    static boolean hasBf16() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_bf16);
    }

    private static boolean has(int isa) {
        return (dnnl.dnnl_get_effective_cpu_isa() & isa) == isa;
    }

    /** The widest instruction set that oneDNN uses on this processor, for example "avx2". */
    static String instructionSet() {
        String widest = "sse41";
        for (Map.Entry<String, Integer> known : INSTRUCTION_SETS.entrySet()) {
            if (has(known.getValue())) {
                widest = known.getKey();
            }
        }
        return widest;
    }

    /** The version of oneDNN, for example "3.11.0". */
    static String version() {
        org.bytedeco.dnnl.dnnl_version_t v = dnnl.dnnl_version();
        return v.major() + "." + v.minor() + "." + v.patch();
    }
}
