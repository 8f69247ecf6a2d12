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

/**
 * A node of the network: named parameters, named buffers and named children, with a forward function.
 *
 * <p>This is {@code torch.nn.Module} written in Java. libtorch has a native one, but objects of it are freed when Java
 * lets go of them, cannot be subclassed inside a {@code Sequential} and vanish with an open {@link PointerScope}; here a
 * parameter lives exactly as long as the module that names it.
 *
 * <p>Subclasses write {@link #forward}; callers use {@link #call}, which also tells an open {@link Trace}.
 */
public abstract class Module implements AutoCloseable {
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private boolean training = true;

    /** The module's function of one input. */
    protected abstract Tensor forward(Tensor x);

    /** Runs {@link #forward} and records the result in the open {@link Trace}, if there is one. */
    public final Tensor call(Tensor x) {
        int before = Trace.length();
        Tensor y = forward(x);
        Trace.module(this, before, x, y);
        return y;
    }

    /** Names a trainable tensor, as {@code register_parameter} does. */
    protected final Tensor parameter(String name, Tensor value) {
        value.set_requires_grad(true);
        parameters.put(name, outlivingScopes(value));
        return value;
    }

    /** Names a tensor that is saved but not trained, as {@code register_buffer} does. */
    protected final Tensor buffer(String name, Tensor value) {
        buffers.put(name, outlivingScopes(value));
        return value;
    }

    /** Names a child, as {@code add_module} does. */
    protected final <M extends Module> M register(String name, M child) {
        children.put(name, child);
        return child;
    }

    /** Keeps a pointer alive when the scope closes in which it was made; {@link #close} lets go of it. */
    private static Tensor outlivingScopes(Tensor tensor) {
        if (PointerScope.getInnerScope() != null) {
            tensor.retainReference();
        }
        return tensor;
    }

    /** The children in the order in which they were named. */
    public final Map<String, Module> children() {
        return Collections.unmodifiableMap(children);
    }

    /** Calls {@code visitor} with the dotted path of this module ("" at the root) and of everything below it. */
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

    /** Trainable tensors by dotted name, in the order of PyTorch's {@code named_parameters()}. */
    public final Map<String, Tensor> namedParameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        walk((path, module) -> module.parameters.forEach((name, t) -> all.put(dotted(path, name), t)));
        return all;
    }

    private static String dotted(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** The number of trained values. */
    public final long parameterCount() {
        return namedParameters().values().stream().mapToLong(Tensor::numel).sum();
    }

    /** The number of trained values of this module alone, without its children. */
    final long ownParameterCount() {
        return parameters.values().stream().mapToLong(Tensor::numel).sum();
    }

    /** Switches batch statistics on (training) or the running ones (evaluation), here and below. */
    public final void train(boolean mode) {
        walk((path, module) -> module.training = mode);
    }

    /** Whether the module is in training mode, as it is after construction. */
    public final boolean isTraining() {
        return training;
    }

    /** Moves every tensor to a device. */
    public final void to(Device device) {
        replaceEach(t -> t.to(device, t.scalar_type()));
    }

    /** Converts every floating-point tensor, for instance to {@link ScalarType#Double} for a reference computation. */
    public final void to(ScalarType type) {
        replaceEach(t -> t.is_floating_point() ? t.to(type) : t);
    }

    private void replaceEach(UnaryOperator<Tensor> change) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            stateDict().values().forEach(t -> t.set_data(change.apply(t.detach())));
        }
    }

    /** Frees the native memory of every parameter and buffer; the module cannot be used afterwards. */
    @Override
    public void close() {
        walk((path, module) -> {
            module.parameters.values().forEach(Pointer::close);
            module.buffers.values().forEach(Pointer::close);
        });
    }

    /** What stands between this module's path and the name of a child; the dot of PyTorch, unless names say otherwise. */
    protected String separator() {
        return ".";
    }

    /** The class name that PyTorch prints for this module. */
    public String typeName() {
        return getClass().getSimpleName();
    }

    /** What PyTorch prints between the brackets of a module without children. */
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
