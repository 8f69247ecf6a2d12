package io.github.resdensenet.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Base class of all layers and networks, as {@code torch.nn.Module}: named parameters, buffers and children, and a
 * forward function. Subclasses implement {@link #forward}. To run a module, use {@link #call}, which also records the
 * call in an open {@link Trace}.
 *
 * <p>The native modules of libtorch are not used. They are freed when Java releases them or closes a {@link
 * PointerScope}, and a {@code Sequential} cannot contain Java subclasses. The tensors of this class live as long as the
 * module, or until {@link #close}.
 */
public abstract class Module implements AutoCloseable {
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private boolean training = true;

    /** Computes the output for an input. */
    protected abstract Tensor forward(Tensor x);

    /** Runs {@link #forward}, and records the call in the open {@link Trace} if there is one. */
    public final Tensor call(Tensor x) {
        int before = Trace.length();
        Tensor y = forward(x);
        Trace.module(this, before, x, y);
        return y;
    }

    /** Registers a trainable tensor and returns it, as {@code register_parameter} in PyTorch. */
    protected final Tensor parameter(String name, Tensor value) {
        value.set_requires_grad(true);
        parameters.put(name, outlivingScopes(value));
        return value;
    }

    /** Registers a tensor that is saved but not trained and returns it, as {@code register_buffer} in PyTorch. */
    protected final Tensor buffer(String name, Tensor value) {
        buffers.put(name, outlivingScopes(value));
        return value;
    }

    /** Registers a child and returns it, as {@code register_module} in PyTorch. */
    protected final <M extends Module> M register(String name, M child) {
        children.put(name, child);
        return child;
    }

    /** Keeps a tensor alive after the scope in which it is created; {@link #close} releases it. */
    private static Tensor outlivingScopes(Tensor tensor) {
        if (PointerScope.getInnerScope() != null) {
            tensor.retainReference();
        }
        return tensor;
    }

    /** The children by name, in the order of registration. */
    public final Map<String, Module> children() {
        return Collections.unmodifiableMap(children);
    }

    /** Calls {@code visitor} with the dotted path ("" for this module) of this module and of all its descendants. */
    public final void walk(BiConsumer<String, Module> visitor) {
        walk("", visitor);
    }

    private void walk(String path, BiConsumer<String, Module> visitor) {
        visitor.accept(path, this);
        children.forEach((name, child) -> child.walk(path.isEmpty() ? name : path + separator() + name, visitor));
    }

    /** Parameters and buffers by dotted name, in the order of PyTorch's {@code state_dict()}. */
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        walk((path, module) -> {
            module.parameters.forEach((name, t) -> all.put(dotted(path, name), t));
            module.buffers.forEach((name, t) -> all.put(dotted(path, name), t));
        });
        return all;
    }

    /** Parameters by dotted name, in the order of PyTorch's {@code named_parameters()}. */
    public final Map<String, Tensor> namedParameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        walk((path, module) -> module.parameters.forEach((name, t) -> all.put(dotted(path, name), t)));
        return all;
    }

    private static String dotted(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** The number of values in all parameters. */
    public final long parameterCount() {
        return namedParameters().values().stream().mapToLong(Tensor::numel).sum();
    }

    /** The number of values in the parameters of this module without its children. */
    final long ownParameterCount() {
        return parameters.values().stream().mapToLong(Tensor::numel).sum();
    }

    /**
     * Sets training or evaluation mode for this module and all its descendants.
     *
     * @param mode true for training mode, false for evaluation mode
     */
    public final void train(boolean mode) {
        walk((path, module) -> module.training = mode);
    }

    /** Whether the module is in training mode, the default after construction. */
    public final boolean isTraining() {
        return training;
    }

    /** Moves every parameter and buffer to a device. */
    public final void to(Device device) {
        replaceEach(t -> t.to(device, t.scalar_type()));
    }

    /** Converts every floating-point parameter and buffer to a type, for example {@link ScalarType#Double}. */
    public final void to(ScalarType type) {
        replaceEach(t -> t.is_floating_point() ? t.to(type) : t);
    }

    private void replaceEach(UnaryOperator<Tensor> change) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            stateDict().values().forEach(t -> t.set_data(change.apply(t.detach())));
        }
    }

    /** Frees the native memory of every parameter and buffer. The module cannot be used afterwards. */
    @Override
    public void close() {
        walk((path, module) -> {
            module.parameters.values().forEach(Pointer::close);
            module.buffers.values().forEach(Pointer::close);
        });
    }

    /** The separator between this module's path and the names of its children: a dot, as in PyTorch, by default. */
    protected String separator() {
        return ".";
    }

    /** What a leaf module computes, for a {@link Trace}; null for other modules. */
    Trace.@Nullable Layer layer() {
        return null;
    }

    /** The name of the corresponding class in PyTorch. */
    public String typeName() {
        return getClass().getSimpleName();
    }

    /** The text between the parentheses when PyTorch prints a module without children ({@code extra_repr()}). */
    protected String describe() {
        return "";
    }

    /** The module tree as PyTorch prints it. */
    @Override
    public final String toString() {
        if (children.isEmpty()) {
            return typeName() + "(" + describe() + ")";
        }
        StringBuilder tree = new StringBuilder(typeName()).append("(\n");
        children.forEach((name, child) -> tree.append("  (")
                .append(name)
                .append("): ")
                .append(child.toString().replace("\n", "\n  "))
                .append('\n'));
        return tree.append(')').toString();
    }
}
