package io.github.resdensenet.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * What one forward pass did, operation by operation: the network as a small graph.
 *
 * <p>Everything that describes a model (summary, tree, diagram, a compiled plan) reads this graph, so it cannot drift
 * from the code that computes.
 */
public final class Trace {
    private static final ThreadLocal<@Nullable Trace> OPEN = new ThreadLocal<>();

    /**
     * One operation. Leaf modules and functions have inputs; a module with children is noted after the operations inside
     * it.
     *
     * @param type PyTorch's class name of a module, or the name of a function
     * @param path dotted path of the module, or "" for a function
     * @param module the module, or null for a function
     * @param inputs ids of the values that it read, in order (0 is the image)
     * @param output id of the value that it made
     * @param shape shape of that value
     * @param inside how many of the operations noted before a group happened inside it; 0 for all else
     */
    public record Operation(
            String type,
            String path,
            @Nullable Module module,
            List<Integer> inputs,
            int output,
            List<Long> shape,
            int inside) {
        /** Whether this is a module that only groups others. */
        public boolean isGroup() {
            return module != null && !module.children().isEmpty();
        }
    }

    private final List<Operation> operations = new ArrayList<>();
    private final IdentityHashMap<Module, String> paths = new IdentityHashMap<>();
    private final Map<Long, Integer> values = new HashMap<>();
    private int nextValue;

    private Trace() {}

    /** Runs the model in evaluation mode on a black image [1, 3, imageSize, imageSize] and returns what it did. */
    public static List<Operation> of(ImageClassifier model, int imageSize) {
        int min = model.minImageSize();
        if (imageSize < min) {
            throw new IllegalArgumentException("imageSize must be at least " + min + " for "
                    + model.config().name() + ", got " + imageSize);
        }
        Trace trace = new Trace();
        model.walk((path, module) -> trace.paths.put(module, path));
        boolean training = model.isTraining();
        model.train(false);
        OPEN.set(trace);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor image = torch.zeros(1, 3, imageSize, imageSize);
            trace.values.put(address(image), trace.nextValue++);
            model.call(image);
        } finally {
            OPEN.remove();
            model.train(training);
        }
        return List.copyOf(trace.operations);
    }

    /** How many operations the open trace has, which a group is told when it ends. */
    static int length() {
        Trace trace = OPEN.get();
        return trace == null ? 0 : trace.operations.size();
    }

    static void module(Module module, int lengthBefore, Tensor x, Tensor y) {
        Trace trace = OPEN.get();
        if (trace != null) {
            trace.record(module.typeName(), module, trace.operations.size() - lengthBefore, y, x);
        }
    }

    static void function(String name, Tensor y, Tensor... inputs) {
        Trace trace = OPEN.get();
        if (trace != null) {
            trace.record(name, null, 0, y, inputs);
        }
    }

    private void record(String type, @Nullable Module module, int inside, Tensor y, Tensor... inputs) {
        boolean group = module != null && !module.children().isEmpty();
        List<Integer> read = group
                ? List.of()
                : Arrays.stream(inputs)
                        .map(t -> values.getOrDefault(address(t), -1))
                        .toList();
        if (!group) {
            values.put(address(y), nextValue++);
        }
        operations.add(new Operation(
                type,
                module == null ? "" : paths.getOrDefault(module, ""),
                module,
                read,
                values.getOrDefault(address(y), -1),
                Arrays.stream(y.shape()).boxed().toList(),
                inside));
    }

    /** The open scope keeps every value of the pass alive, so an address stands for one tensor. */
    private static long address(Tensor t) {
        return t.unsafeGetTensorImpl().address();
    }
}
