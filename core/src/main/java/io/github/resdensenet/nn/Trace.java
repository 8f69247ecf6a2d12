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
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Records the operations of one forward pass as a graph.
 *
 * <p>The summary, the diagram, the plans of the fused engine and the exports to ONNX and TorchScript are all built from
 * this graph, so they always agree with the forward functions.
 */
public final class Trace {
    private static final ThreadLocal<@Nullable Trace> OPEN = new ThreadLocal<>();

    /** What a leaf module computes, with the tensors that it uses. */
    public sealed interface Layer {
        /**
         * A convolution with a square kernel.
         *
         * @param stride in pixels
         * @param padding zeros on each side, in pixels
         * @param weight [out, in, kernelSize, kernelSize]
         * @param bias [out], or null
         */
        record Convolution(
                int kernelSize,
                int stride,
                int padding,
                Tensor weight,
                @Nullable Tensor bias) implements Layer {
            private static final long BLOCK = 16;

            /** Convolves [N, in, H, W] to [N, out, H', W']. */
            public Tensor convolve(Tensor x) {
                long inChannels = weight.size(1);
                long outChannels = weight.size(0);
                if (kernelSize == 1 || (missing(inChannels) == 0 && missing(outChannels) == 0)) {
                    return conv2d(x, weight, bias);
                }
                // oneDNN in libtorch 2.10 computes wrong sums if the channels do not fill whole blocks: pad them with
                // zeros. Three input channels use a different kernel, which is correct.
                long in = inChannels == 3 ? 0 : missing(inChannels);
                long out = missing(outChannels);
                Tensor padded = torch.constant_pad_nd(weight, new long[] {0, 0, 0, 0, 0, in, 0, out});
                Tensor paddedBias = bias == null ? null : torch.constant_pad_nd(bias, new long[] {0, out});
                Tensor paddedInput = in == 0 ? x : torch.constant_pad_nd(x, new long[] {0, 0, 0, 0, 0, in});
                return conv2d(paddedInput, padded, paddedBias)
                        .narrow(1, 0, outChannels)
                        .contiguous();
            }

            private Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias) {
                long[] strides = {stride, stride};
                long[] paddings = {padding, padding};
                TensorOptional constant = bias == null ? new TensorOptional() : new TensorOptional(bias);
                return torch.conv2d(x, weight, constant, strides, paddings, new long[] {1, 1}, 1);
            }

            /** The number of channels that must be added to fill whole blocks of oneDNN. */
            private static long missing(long channels) {
                return Math.floorMod(-channels, BLOCK);
            }
        }

        /**
         * x W^T + b.
         *
         * @param weight W, [out, in]
         * @param bias b, [out]
         */
        record Linear(Tensor weight, Tensor bias) implements Layer {}

        /**
         * Batch normalisation; every tensor but the last is [channels].
         *
         * @param eps is added to the variance
         * @param momentum weight of a batch in the update of the running statistics, 0 to 1
         * @param batches number of training batches, an int64 scalar
         */
        record BatchNorm(
                int channels,
                double eps,
                double momentum,
                Tensor weight,
                Tensor bias,
                Tensor runningMean,
                Tensor runningVar,
                Tensor batches)
                implements Layer {}

        /**
         * Pooling over square windows.
         *
         * @param max the maximum of each window; otherwise the average
         * @param stride in pixels
         * @param padding minus infinity on each side, in pixels; 0 for the average
         */
        record Pooling(boolean max, int kernelSize, int stride, int padding) implements Layer {}

        /** Zeros on all four sides, in pixels. */
        record ZeroPadding(int padding) implements Layer {}
    }

    /**
     * A call of a module or function. A module with children (a group) is recorded after the operations inside it and
     * has no inputs.
     *
     * @param type PyTorch's class name of the module, or the name of the function
     * @param path dotted path of the module, or "" for a function
     * @param module the module, or null for a function
     * @param layer what the module computes, or null for a function and a group
     * @param inputs ids of the input values, in order (0 is the image)
     * @param output id of the output value
     * @param shape shape of the output value
     * @param inside for a group, how many of the operations recorded directly before it are inside it; otherwise 0
     */
    public record Operation(
            String type,
            String path,
            @Nullable Module module,
            @Nullable Layer layer,
            List<Integer> inputs,
            int output,
            List<Long> shape,
            int inside) {
        /** Whether this is a call of a module with children. */
        public boolean isGroup() {
            return module != null && !module.children().isEmpty();
        }
    }

    private final List<Operation> operations = new ArrayList<>();
    private final IdentityHashMap<Module, String> paths = new IdentityHashMap<>();
    private final Map<Long, Integer> values = new HashMap<>();
    private int nextValue;

    private Trace() {}

    /**
     * Runs the model in evaluation mode on zeros [1, 3, imageSize, imageSize] and returns the operations in order.
     *
     * @throws IllegalArgumentException if the image size is too small for the model
     */
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
            NativeSettings.onOneThread(() -> model.call(image)); // values do not matter, only the operations
        } finally {
            OPEN.remove();
            model.train(training);
        }
        return List.copyOf(trace.operations);
    }

    /** The operations of {@link #of} without the groups: those that compute a value. */
    public static List<Operation> leaves(ImageClassifier model, int imageSize) {
        return of(model, imageSize).stream()
                .filter(operation -> !operation.isGroup())
                .toList();
    }

    /** The number of operations in the open trace, or 0 if there is none. Pass it to {@link #module} after the call. */
    static int length() {
        Trace trace = OPEN.get();
        return trace == null ? 0 : trace.operations.size();
    }

    /** Records a call of a module in the open trace, if there is one. */
    static void module(Module module, int lengthBefore, Tensor x, Tensor y) {
        Trace trace = OPEN.get();
        if (trace != null) {
            trace.record(module.typeName(), module, trace.operations.size() - lengthBefore, y, x);
        }
    }

    /** Records a call of a function in the open trace, if there is one. */
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
                module == null ? null : module.layer(),
                read,
                values.getOrDefault(address(y), -1),
                Arrays.stream(y.shape()).boxed().toList(),
                inside));
    }

    /** Identifies a tensor: the open scope keeps all tensors of the pass alive, so addresses are unique. */
    private static long address(Tensor t) {
        return t.unsafeGetTensorImpl().address();
    }
}
