package io.github.resdensenet.engine;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.nn.Trace.Layer;
import io.github.resdensenet.nn.Trace.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A network as a list of nodes in execution order. The node types are the operations that a plan supports.
 *
 * <p>Values are numbered, and value 0 is the image. Batch normalisation and a following ReLU form one node, and so do
 * zero padding and a following convolution. A 1x1 convolution before an average pool is moved behind the pool. Both
 * operations are linear and commute, and the convolution then has a quarter of the work.
 *
 * @param nodes the nodes in execution order
 * @param shapes the shape of each value
 * @param output the number of the value with the logits
 */
record Network(List<Node> nodes, Map<Integer, Shape> shapes, int output) {
    /** The shape of a value for one image: channels, height and width. */
    record Shape(int channels, int height, int width) {
        private Shape windows(int outChannels, int kernelHeight, int kernelWidth, int stride, int padding) {
            return new Shape(
                    outChannels,
                    (height + 2 * padding - kernelHeight) / stride + 1,
                    (width + 2 * padding - kernelWidth) / stride + 1);
        }
    }

    /** An operation that reads values and computes one value. */
    sealed interface Node {
        List<Integer> inputs();

        int output();

        /** The shape of the output for the given shapes of the inputs. */
        Shape shape(List<Shape> inputs);
    }

    /**
     * A convolution, or a linear layer as a 1x1 convolution of one pixel.
     *
     * @param name dotted path of the module
     */
    record Convolution(
            String name,
            int input,
            int output,
            int kernel,
            int stride,
            int padding,
            Tensor weight,
            @Nullable Tensor bias)
            implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0).windows(Math.toIntExact(weight.size(0)), kernel, kernel, stride, padding);
        }
    }

    /** Batch normalisation, with or without a ReLU after it. */
    record Normalization(int input, int output, Layer.BatchNorm module, boolean relu) implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0);
        }
    }

    /** Max or average pooling. */
    record Pooling(int input, int output, boolean max, int kernelHeight, int kernelWidth, int stride, int padding)
            implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0).windows(inputs.get(0).channels, kernelHeight, kernelWidth, stride, padding);
        }
    }

    /** Zero padding: a border of zeros around each channel. */
    record Padding(int input, int output, int border) implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            Shape from = inputs.get(0);
            return new Shape(from.channels, from.height + 2 * border, from.width + 2 * border);
        }
    }

    /** Concatenation of values along the channels. */
    record Concatenation(List<Integer> inputs, int output) implements Node {
        @Override
        public Shape shape(List<Shape> inputs) {
            int channels = inputs.stream().mapToInt(Shape::channels).sum();
            return new Shape(channels, inputs.get(0).height, inputs.get(0).width);
        }
    }

    /** An input of a concatenation, and the first of its channels in the output. */
    record Part(int value, int firstChannel) {}

    /** Element-wise sum of two values. */
    record Addition(List<Integer> inputs, int output) implements Node {
        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0);
        }
    }

    /**
     * Builds the network from a trace of a model.
     *
     * @param imageSize height and width of the images in pixels
     * @throws UnsupportedOperationException if the model has an operation that no node type supports
     */
    static Network of(ImageClassifier model, int imageSize) {
        List<Operation> trace = Trace.leaves(model, model.minImageSize()); // the operations do not depend on the size
        return new Builder(trace, imageSize).build();
    }

    /** The shape of a value. */
    Shape shape(int value) {
        return Objects.requireNonNull(shapes.get(value));
    }

    /** The nodes that read a value. */
    List<Node> readers(int value) {
        return nodes.stream().filter(node -> node.inputs().contains(value)).toList();
    }

    /** The normalisation that alone reads the output of a convolution, or null. It can be folded into the weights. */
    @Nullable
    Normalization normalizationAfter(Convolution c) {
        List<Node> readers = readers(c.output());
        return readers.size() == 1 && readers.get(0) instanceof Normalization n ? n : null;
    }

    /**
     * The addition that alone reads the output of a convolution, or null. The other summand is computed before the
     * convolution, so that the convolution can add it.
     */
    @Nullable
    Addition additionAfter(Convolution c) {
        List<Node> readers = readers(c.output());
        return readers.size() == 1
                        && readers.get(0) instanceof Addition a
                        && position(other(a, c)) < position(c.output())
                ? a
                : null;
    }

    /** The other summand of an addition to the output of a convolution. */
    static int other(Addition a, Convolution c) {
        return a.inputs().get(a.inputs().get(0) == c.output() ? 1 : 0);
    }

    /** The position of the node that computes a value, or -1 for the image. */
    private int position(int value) {
        int position = nodes.size() - 1;
        while (position >= 0 && nodes.get(position).output() != value) {
            position--;
        }
        return position;
    }

    /** The concatenation that computes a value, or null if another node does. */
    @Nullable
    Concatenation concatenation(int value) {
        for (Node node : nodes) {
            if (node instanceof Concatenation c && c.output() == value) {
                return c;
            }
        }
        return null;
    }

    /** The inputs of a concatenation, in order. */
    List<Part> parts(Concatenation c) {
        List<Part> parts = new ArrayList<>();
        int channel = 0;
        for (int input : c.inputs()) {
            parts.add(new Part(input, channel));
            channel += shape(input).channels();
        }
        return parts;
    }

    /** The values that a value is concatenated from, through all concatenations, or the value itself. */
    List<Part> sources(int value) {
        Concatenation c = concatenation(value);
        if (c == null) {
            return List.of(new Part(value, 0));
        }
        return parts(c).stream()
                .flatMap(part -> sources(part.value()).stream()
                        .map(s -> new Part(s.value(), part.firstChannel() + s.firstChannel())))
                .toList();
    }

    private static final class Builder {
        private final List<Operation> operations;
        private final List<Node> nodes = new ArrayList<>();
        private final Map<Integer, Shape> shapes = new HashMap<>();

        Builder(List<Operation> operations, int imageSize) {
            this.operations = operations;
            shapes.put(0, new Shape(3, imageSize, imageSize));
        }

        Network build() {
            for (int i = 0; i < operations.size(); i++) {
                Operation op = operations.get(i);
                Node pair = i + 1 < operations.size() && readOnlyBy(operations.get(i + 1), op)
                        ? pair(op, operations.get(i + 1))
                        : null;
                add(pair == null ? node(op) : pair);
                i += pair == null ? 0 : 1;
            }
            int last = operations.get(operations.size() - 1).output();
            return new Network(List.copyOf(nodes), Map.copyOf(shapes), last);
        }

        private boolean readOnlyBy(Operation next, Operation op) {
            return next.inputs().equals(List.of(op.output()))
                    && operations.stream()
                                    .filter(o -> o.inputs().contains(op.output()))
                                    .count()
                            == 1;
        }

        /**
         * Fuses two operations into one node. If they must be swapped, the second one is added here and the first one
         * is returned. Returns null if neither applies.
         */
        private @Nullable Node pair(Operation op, Operation next) {
            int input = op.inputs().get(0);
            if (op.layer() instanceof Layer.BatchNorm bn && next.type().equalsIgnoreCase("relu")) {
                return new Normalization(input, next.output(), bn, true);
            }
            if (op.layer() instanceof Layer.ZeroPadding border && next.layer() instanceof Layer.Convolution conv) {
                return convolution(next, conv, border.padding(), input, next.output());
            }
            if (op.layer() instanceof Layer.Convolution conv
                    && conv.kernelSize() == 1
                    && conv.stride() == 1
                    && next.layer() instanceof Layer.Pooling pool
                    && !pool.max()) {
                add(pooling(input, op.output(), pool));
                return convolution(op, conv, 0, op.output(), next.output());
            }
            return null;
        }

        private void add(Node node) {
            List<Shape> inputs = node.inputs().stream().map(this::shape).toList();
            nodes.add(node);
            shapes.put(node.output(), node.shape(inputs));
        }

        private Shape shape(int value) {
            return Objects.requireNonNull(shapes.get(value));
        }

        private Node node(Operation op) {
            int input = op.inputs().get(0);
            int output = op.output();
            if (op.layer() instanceof Layer.Convolution conv) {
                return convolution(op, conv, 0, input, output);
            } else if (op.layer() instanceof Layer.ZeroPadding border) {
                return new Padding(input, output, border.padding());
            } else if (op.layer() instanceof Layer.Linear linear) {
                return new Convolution(op.path(), input, output, 1, 1, 0, linear.weight(), linear.bias());
            } else if (op.layer() instanceof Layer.BatchNorm bn) {
                return new Normalization(input, output, bn, false);
            } else if (op.layer() instanceof Layer.Pooling pool) {
                return pooling(input, output, pool);
            }
            return switch (op.type()) {
                case "cat" -> new Concatenation(op.inputs(), output);
                case "add" -> new Addition(op.inputs(), output);
                case "globalAveragePool" -> {
                    Shape from = shape(input);
                    yield new Pooling(input, output, false, from.height, from.width, 1, 0);
                }
                default -> throw new UnsupportedOperationException("unsupported operation " + op.type());
            };
        }

        private static Node convolution(Operation op, Layer.Convolution conv, int border, int input, int output) {
            int padding = border + conv.padding();
            return new Convolution(
                    op.path(), input, output, conv.kernelSize(), conv.stride(), padding, conv.weight(), conv.bias());
        }

        private static Node pooling(int input, int output, Layer.Pooling pool) {
            return new Pooling(
                    input, output, pool.max(), pool.kernelSize(), pool.kernelSize(), pool.stride(), pool.padding());
        }
    }
}
