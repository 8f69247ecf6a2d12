package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Native objects that live until they are closed together, whatever scope is open where they are made. */
final class Natives implements AutoCloseable {
    private final List<Pointer> kept = new ArrayList<>();

    <P extends Pointer> P keep(P pointer) {
        pointer.retainReference();
        kept.add(pointer);
        return pointer;
    }

    /** A copy of all that a pointer with a capacity points to. */
    static float[] values(FloatPointer memory) {
        float[] values = new float[Math.toIntExact(memory.capacity())];
        memory.get(values);
        return values;
    }

    @Override
    public void close() {
        kept.forEach(Pointer::releaseReference);
        kept.clear();
    }
}
