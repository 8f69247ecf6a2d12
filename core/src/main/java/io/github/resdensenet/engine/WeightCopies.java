package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.nn.NativeSettings;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;

/** The weights of convolutions in the layouts that kernels need, each made once for all plans. */
final class WeightCopies implements AutoCloseable {
    /** A copy of a weight in another form, and the program that makes it. */
    private record Copy(Buffer to, Program program) {
        void make() {
            program.run(0, program.size());
        }
    }

    private final IdentityHashMap<Convolution, List<Copy>> copies = new IdentityHashMap<>();
    private final Natives natives = new Natives();

    /**
     * The weight of a convolution in the given form.
     *
     * @param plain the weight, which must stay where it is
     */
    Buffer copy(Convolution c, Buffer plain, memory.desc form) {
        for (Copy copy : copies.getOrDefault(c, List.of())) {
            if (copy.to.form().equals(form)) {
                return copy.to;
            }
        }
        Buffer to = Buffer.at(natives.keep(new BytePointer(form.get_size() + 64)), natives.keep(new memory.desc(form)));
        Copy copy = new Copy(to, new Program());
        NativeSettings.onOneThread(
                () -> { // too short to divide
                    copy.program.reorder("weights", plain, to, false);
                    copy.program.seal();
                    copy.make();
                });
        copies.computeIfAbsent(c, key -> new ArrayList<>()).add(copy);
        return to;
    }

    /** Making the copies again, as tasks that can run at the same time. */
    List<Runnable> updates() {
        return copies.values().stream()
                .flatMap(List::stream)
                .map(copy -> (Runnable) copy::make)
                .toList();
    }

    @Override
    public void close() {
        copies.values().forEach(list -> list.forEach(copy -> copy.program.close()));
        natives.close();
    }
}
