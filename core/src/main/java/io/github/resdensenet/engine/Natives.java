package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;

/** Native objects with a common lifetime: they are released by {@link #close}, not by an open PointerScope. */
final class Natives implements AutoCloseable {
    private final List<Pointer> pointers = new ArrayList<>();

    /** Adds an object and returns it. */
    <P extends Pointer> P keep(P pointer) {
        pointer.retainReference();
        pointers.add(pointer);
        return pointer;
    }

    /** Copies all {@code capacity()} values of a pointer. */
    static float[] values(FloatPointer memory) {
        float[] values = new float[Math.toIntExact(memory.capacity())];
        memory.get(values);
        return values;
    }

    /** Copies the elements of a contiguous float32 tensor on the CPU. */
    static float[] values(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        new FloatPointer(tensor.data_ptr()).get(values);
        return values;
    }

    @Override
    public void close() {
        pointers.forEach(Pointer::releaseReference);
        pointers.clear();
    }
}
