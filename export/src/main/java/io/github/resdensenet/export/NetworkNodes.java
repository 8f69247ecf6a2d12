package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.TensorData;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.nn.Trace.Layer;
import io.github.resdensenet.nn.Trace.Operation;
import io.github.resdensenet.proto.onnx.AttributeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Adds the operations of a network to a graph, one node each (two for the global average pool). Nodes have the paths of
 * their modules, and initialisers have the names of the state dict.
 */
final class NetworkNodes {
    private final OnnxGraph graph;
    private final Map<String, TensorData> state;
    private final IdentityHashMap<Tensor, String> names = new IdentityHashMap<>();
    private final Map<Integer, String> values = new HashMap<>();

    private NetworkNodes(OnnxGraph graph, ImageClassifier model) {
        this.graph = graph;
        this.state = ModelState.of(model);
        model.stateDict().forEach((name, tensor) -> names.put(tensor, name));
    }

    /**
     * Adds the network.
     *
     * @param imageSize height and width of the input in pixels
     * @param input name of the input, [batch, 3, imageSize, imageSize]
     * @param output name for the logits, [batch, classes]
     */
    static void add(OnnxGraph graph, ImageClassifier model, int imageSize, String input, String output) {
        NetworkNodes nodes = new NetworkNodes(graph, model);
        nodes.values.put(0, input);
        List<Operation> operations = Trace.leaves(model, imageSize);
        for (int i = 0; i < operations.size(); i++) {
            boolean last = i == operations.size() - 1;
            if (!last && nodes.addZeroPaddedMaxPool(operations.get(i), operations.get(i + 1))) {
                i++;
            } else {
                nodes.add(operations.get(i), last ? output : null);
            }
        }
    }

    /**
     * Adds zero padding and the max pooling after it as max pooling and the maximum with a constant: 0 where the window
     * reaches into the padding. ONNX Runtime and other optimisers wrongly merge the operator Pad into MaxPool, whose own
     * padding is minus infinity.
     */
    private boolean addZeroPaddedMaxPool(Operation padding, Operation pooling) {
        if (!(padding.layer() instanceof Layer.ZeroPadding zeros
                && pooling.layer() instanceof Layer.Pooling pool
                && pool.max()
                && pool.padding() == 0)) {
            return false;
        }
        Layer.Pooling padded = new Layer.Pooling(true, pool.kernelSize(), pool.stride(), zeros.padding());
        String name = pooling.path();
        String pooled =
                pool(padded, name + ".window", List.of(value(padding.inputs().get(0))));
        String edges = edges(name + ".edges", padding, pooling, padded);
        values.put(pooling.output(), graph.node("Max", name, List.of(pooled, edges)));
        return true;
    }

    private String edges(String name, Operation padding, Operation pooling, Layer.Pooling pool) {
        int height = Math.toIntExact(pooling.shape().get(2));
        int width = Math.toIntExact(pooling.shape().get(3));
        long innerHeight = padding.shape().get(2) - 2L * pool.padding();
        long innerWidth = padding.shape().get(3) - 2L * pool.padding();
        float[] values = new float[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                boolean inside = isInside(y, innerHeight, pool) && isInside(x, innerWidth, pool);
                values[y * width + x] = inside ? -Float.MAX_VALUE : 0;
            }
        }
        return graph.float32(name, List.of(1L, 1L, (long) height, (long) width), values);
    }

    private static boolean isInside(int output, long length, Layer.Pooling pool) {
        int start = output * pool.stride() - pool.padding();
        return start >= 0 && start + pool.kernelSize() <= length;
    }

    private String value(int number) {
        return Objects.requireNonNull(values.get(number));
    }

    private void add(Operation operation, @Nullable String output) {
        List<String> inputs =
                new ArrayList<>(operation.inputs().stream().map(this::value).toList());
        String name = output != null ? output : operation.path().isEmpty() ? operation.type() : operation.path();
        values.put(operation.output(), add(operation, name, inputs));
    }

    private String add(Operation operation, String name, List<String> inputs) {
        if (operation.layer() instanceof Layer.Convolution conv) {
            inputs.add(tensor(conv.weight()));
            if (conv.bias() != null) {
                inputs.add(tensor(conv.bias()));
            }
            return graph.node(
                    "Conv",
                    name,
                    inputs,
                    attribute("kernel_shape", conv.kernelSize(), conv.kernelSize()),
                    attribute("strides", conv.stride(), conv.stride()),
                    pads(conv.padding()));
        } else if (operation.layer() instanceof Layer.Linear linear) {
            inputs.add(tensor(linear.weight()));
            inputs.add(tensor(linear.bias()));
            return graph.node("Gemm", name, inputs, attribute("transB", 1));
        } else if (operation.layer() instanceof Layer.BatchNorm bn) {
            inputs.add(tensor(bn.weight()));
            inputs.add(tensor(bn.bias()));
            inputs.add(tensor(bn.runningMean()));
            inputs.add(tensor(bn.runningVar()));
            return graph.node("BatchNormalization", name, inputs, attribute("epsilon", (float) bn.eps()));
        } else if (operation.layer() instanceof Layer.Pooling pool) {
            return pool(pool, name, inputs);
        } else if (operation.layer() instanceof Layer.ZeroPadding zeros) {
            int n = zeros.padding();
            inputs.add(graph.int64(name + ".pads", 0, 0, n, n, 0, 0, n, n));
            return graph.node("Pad", name, inputs);
        }
        return switch (operation.type()) {
            case "relu", "ReLU" -> graph.node("Relu", name, inputs);
            case "cat" -> graph.node("Concat", name, inputs, attribute("axis", 1));
            case "add" -> graph.node("Add", name, inputs);
            case "globalAveragePool" -> {
                String mean = graph.node("GlobalAveragePool", name, inputs);
                yield graph.node("Flatten", "flatten", List.of(mean), attribute("axis", 1));
            }
            default -> throw new UnsupportedOperationException("ONNX export of " + operation.type());
        };
    }

    private String pool(Layer.Pooling pool, String name, List<String> inputs) {
        return graph.node(
                pool.max() ? "MaxPool" : "AveragePool",
                name,
                inputs,
                attribute("kernel_shape", pool.kernelSize(), pool.kernelSize()),
                attribute("strides", pool.stride(), pool.stride()),
                pads(pool.padding()));
    }

    private static AttributeProto pads(int padding) {
        return attribute("pads", padding, padding, padding, padding);
    }

    private String tensor(Tensor tensor) {
        String name = Objects.requireNonNull(names.get(tensor));
        return graph.tensor(name, Objects.requireNonNull(state.get(name)));
    }
}
