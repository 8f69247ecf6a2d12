package io.github.resdensenet.checkpoint;

import io.github.resdensenet.nn.Module;
import io.github.resdensenet.nn.NativeSettings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Copies tensors by name between a module and a state dict in Java memory. */
public final class ModelState {
    private ModelState() {}

    /** Copies every parameter and buffer of a module, in the order of PyTorch's {@code state_dict()}. */
    public static Map<String, TensorData> of(Module module) {
        return of(module.stateDict());
    }

    /** Copies every tensor, in the order of the map. */
    public static Map<String, TensorData> of(Map<String, Tensor> tensors) {
        Map<String, TensorData> state = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> state.put(name, copy(tensor)));
        return state;
    }

    private static TensorData copy(Tensor tensor) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            Tensor plain = tensor.detach().cpu().contiguous();
            List<Long> shape = new ArrayList<>();
            for (long size : plain.shape()) {
                shape.add(size);
            }
            ByteBuffer bytes =
                    ByteBuffer.allocateDirect(Math.toIntExact(plain.nbytes())).order(ByteOrder.LITTLE_ENDIAN);
            if (bytes.hasRemaining()) {
                bytes.put(new BytePointer(plain.data_ptr())
                        .capacity(plain.nbytes())
                        .asByteBuffer());
            }
            return new TensorData(DType.of(plain.scalar_type()), shape, bytes.flip());
        }
    }

    /**
     * Copies stored tensors into a module, as {@code load_state_dict(strict=True)} does. The names and shapes of the
     * state and of the module must be identical; if they differ, the module is not changed.
     *
     * @param source the file or folder of the tensors, for the error message
     * @throws CheckpointException if names are missing or unexpected, or shapes or types differ; the message lists them
     */
    public static void load(Module module, Map<String, TensorData> state, Path source) throws CheckpointException {
        load(module.stateDict(), state, source);
    }

    /**
     * Copies stored tensors into tensors of the same names and shapes.
     *
     * @param source the file or folder of the stored tensors, for the error message
     * @throws CheckpointException if names are missing or unexpected, or shapes or types differ; the message lists them
     */
    public static void load(Map<String, Tensor> target, Map<String, TensorData> state, Path source)
            throws CheckpointException {
        List<String> differences = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<String> mismatched = new ArrayList<>();
        target.forEach((name, tensor) -> {
            TensorData stored = state.get(name);
            if (stored == null) {
                missing.add(name);
            } else if (!stored.shape().equals(shape(tensor))) {
                mismatched.add(name + " " + stored.shape() + " instead of " + shape(tensor));
            } else if (stored.dtype().isFloatingPoint() != tensor.is_floating_point()) {
                mismatched.add(name + " has type " + stored.dtype());
            }
        });
        List<String> unexpected = state.keySet().stream()
                .filter(name -> !target.containsKey(name))
                .toList();
        list("missing", missing, differences);
        list("unexpected", unexpected, differences);
        list("with a different shape or type", mismatched, differences);
        if (!differences.isEmpty()) {
            throw new CheckpointException(
                    source + ": the weights do not fit the model: " + String.join("; ", differences));
        }
        NativeSettings.onOneThread(
                () -> target.forEach((name, tensor) -> copy(Objects.requireNonNull(state.get(name)), tensor)));
    }

    private static void list(String what, List<String> names, List<String> into) {
        if (!names.isEmpty()) {
            int shown = Math.min(names.size(), 8);
            into.add(names.size() + " " + what + ": " + String.join(", ", names.subList(0, shown))
                    + (shown < names.size() ? ", ..." : ""));
        }
    }

    private static List<Long> shape(Tensor tensor) {
        List<Long> shape = new ArrayList<>();
        for (long size : tensor.shape()) {
            shape.add(size);
        }
        return shape;
    }

    private static void copy(TensorData from, Tensor to) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGrad = new NoGradGuard()) {
            ByteBuffer data = from.data();
            BytePointer bytes = new BytePointer(data.remaining());
            bytes.asByteBuffer().put(data);
            long[] shape = from.shape().stream().mapToLong(Long::longValue).toArray();
            to.copy_(
                    torch.from_blob(bytes, shape, new TensorOptions(from.dtype().scalarType())));
        }
    }
}
