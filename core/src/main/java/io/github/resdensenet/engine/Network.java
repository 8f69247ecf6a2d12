package io.github.resdensenet.engine;

import io.github.resdensenet.nn.AvgPool2d;
import io.github.resdensenet.nn.BatchNorm2d;
import io.github.resdensenet.nn.Conv2d;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Linear;
import io.github.resdensenet.nn.MaxPool2d;
import io.github.resdensenet.nn.Trace;
import io.github.resdensenet.nn.Trace.Operation;
import io.github.resdensenet.nn.ZeroPad2d;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A network as the few kinds of node that a plan can compute, in order.
 *
 * <p>Values are numbered; value 0 is the image. BN and the ReLU behind it are one node, and so are a border of zeros and the
 * convolution behind it. A 1x1 convolution before an average pool comes after it here: both are linear, so they commute, and
 * the convolution has a quarter of the work.
 */
record Network(List<Node> nodes, Map<Integer, Shape> shapes, int output) {
    /** Channels, height and width of one image's value. */
    record Shape(int channels, int height, int width) {
        private Shape windows(int outChannels, int kernelHeight, int kernelWidth, int stride, int padding) {
            return new Shape(
                    outChannels,
                    (height + 2 * padding - kernelHeight) / stride + 1,
                    (width + 2 * padding - kernelWidth) / stride + 1);
        }
    }

    /** A node reads values and makes one. */
    sealed interface Node {
        List<Integer> inputs();

        int output();

        /** The output's shape, given the inputs'. */
        Shape shape(List<Shape> inputs);
    }

    /** A convolution, or a linear layer as a convolution of one pixel. */
    record Convolution(
            int input,
            int output,
            int kernel,
            int stride,
            int padding,
            Tensor weight,
            @Nullable Tensor bias) implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0).windows(Math.toIntExact(weight.size(0)), kernel, kernel, stride, padding);
        }
    }

    /** Batch normalisation, with or without max(x, 0) behind it. */
    record Normalization(int input, int output, BatchNorm2d module, boolean relu) implements Node {
        @Override
        public List<Integer> inputs() {
            return List.of(input);
        }

        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0);
        }
    }

    /** The largest or the mean value of each window. */
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

    /** Zeros around each channel. */
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

    /** Channels of several values, side by side. */
    record Concatenation(List<Integer> inputs, int output) implements Node {
        @Override
        public Shape shape(List<Shape> inputs) {
            int channels = inputs.stream().mapToInt(Shape::channels).sum();
            return new Shape(channels, inputs.get(0).height, inputs.get(0).width);
        }
    }

    /** The sum of two values. */
    record Addition(List<Integer> inputs, int output) implements Node {
        @Override
        public Shape shape(List<Shape> inputs) {
            return inputs.get(0);
        }
    }

    /**
     * Reads what a model does with an image.
     *
     * @throws UnsupportedOperationException if it does something that no node stands for
     */
    static Network of(ImageClassifier model, int imageSize) {
        List<Operation> trace = Trace.of(model, model.minImageSize()); // a small image shows the same operations
        return new Builder(trace.stream().filter(op -> !op.isGroup()).toList(), imageSize).build();
    }

    /** The shape of a value. */
    Shape shape(int value) {
        return Objects.requireNonNull(shapes.get(value));
    }

    /** The nodes that read a value. */
    List<Node> readers(int value) {
        return nodes.stream().filter(node -> node.inputs().contains(value)).toList();
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

        /** Two operations as one node, or as two in the other order (the first of them added already); else null. */
        private @Nullable Node pair(Operation op, Operation next) {
            int input = op.inputs().get(0);
            if (op.module() instanceof BatchNorm2d bn && next.type().equalsIgnoreCase("relu")) {
                return new Normalization(input, next.output(), bn, true);
            }
            if (op.module() instanceof ZeroPad2d border && next.module() instanceof Conv2d conv) {
                return convolution(conv, border.padding, input, next.output());
            }
            if (op.module() instanceof Conv2d conv
                    && conv.kernelSize == 1
                    && conv.stride == 1
                    && next.module() instanceof AvgPool2d pool) {
                add(averagePool(input, op.output(), pool));
                return convolution(conv, 0, op.output(), next.output());
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
            if (op.module() instanceof Conv2d conv) {
                return convolution(conv, 0, input, output);
            } else if (op.module() instanceof ZeroPad2d border) {
                return new Padding(input, output, border.padding);
            } else if (op.module() instanceof Linear linear) {
                return new Convolution(input, output, 1, 1, 0, linear.weight, linear.bias);
            } else if (op.module() instanceof BatchNorm2d bn) {
                return new Normalization(input, output, bn, false);
            } else if (op.module() instanceof MaxPool2d pool) {
                return new Pooling(input, output, true, pool.kernelSize, pool.kernelSize, pool.stride, pool.padding);
            } else if (op.module() instanceof AvgPool2d pool) {
                return averagePool(input, output, pool);
            }
            return switch (op.type()) {
                case "cat" -> new Concatenation(op.inputs(), output);
                case "add" -> new Addition(op.inputs(), output);
                case "globalAveragePool" -> {
                    Shape from = shape(input);
                    yield new Pooling(input, output, false, from.height, from.width, 1, 0);
                }
                default -> throw new UnsupportedOperationException(op.type());
            };
        }

        private static Node convolution(Conv2d conv, int border, int input, int output) {
            int padding = border + conv.padding;
            return new Convolution(input, output, conv.kernelSize, conv.stride, padding, conv.weight, conv.bias);
        }

        private static Node averagePool(int input, int output, AvgPool2d pool) {
            return new Pooling(input, output, false, pool.kernelSize, pool.kernelSize, pool.kernelSize, 0);
        }
    }
}
