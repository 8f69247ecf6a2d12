package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ANY;
import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.NONE;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_backward;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Forward and backward pass of a network for one batch size, as a fixed list of oneDNN primitives.
 *
 * <p>Each node adds its forward instructions and pushes a function that adds its backward instructions. The functions
 * run in reverse order. Weights are read from the model's tensors, and weight gradients are written to {@code grad()}
 * of these tensors. A value that several nodes read receives one gradient from each of them. The gradients are summed
 * when the backward pass reaches the node that computes the value.
 */
final class TrainingPlan extends Plan {
    private final Map<Integer, Statistics> statistics = new HashMap<>();
    private final List<Statistics> partialStatistics = new ArrayList<>();
    private final Map<Integer, List<Gradient>> gradients = new HashMap<>();
    private final Deque<Runnable> backward = new ArrayDeque<>();
    private final Buffer image;
    private final FloatPointer logits;
    private final FloatPointer logitGradients;
    private final int forwardSize;

    /** The gradient of a value from one of its readers. An owned gradient can be overwritten. */
    private record Gradient(Buffer value, boolean owned) {}

    /**
     * Compiles a network.
     *
     * @param batch images per step
     * @param type data type of the activations and of the weights that multiply them
     * @param workspace memory for the activations and their gradients
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for a node on this processor
     */
    TrainingPlan(Network network, int batch, memory.data_type type, Workspace workspace) {
        super(network, batch, type);
        int classes = network.shape(network.output()).channels();
        logits = new FloatPointer((long) batch * classes).retainReference(); // must outlive an open scope
        logitGradients = new FloatPointer((long) batch * classes).retainReference();
        try (PointerScope scope = new PointerScope()) {
            image = Buffer.at(logits, plain(0)); // placeholder address: forward() sets the images
            values.put(0, converted(image, form(0, type)));
            network.nodes().forEach(this::add);
            forwardSize = program.size();
            gradients.put(
                    network.output(),
                    List.of(new Gradient(Buffer.at(logitGradients, form(network.output(), F32)), false)));
            backward.forEach(Runnable::run);
            program.seal(workspace);
        }
    }

    // Nodes

    @Override
    void convolution(Convolution c) {
        boolean head = isHead(c.output());
        memory.data_type kind = head ? F32 : type;
        Shape from = network.shape(c.input());
        memory.desc src = head ? desc(F32, PLANES, batch, from.channels(), 1, 1) : form(c.input(), type);
        Buffer x = converted(value(c.input()), src);
        memory.desc dst = form(c.output(), kind);
        long[] shape = weightShape(c);
        memory.desc anyWeights = desc(kind, ANY, shape);
        memory.desc bias = c.bias() == null ? NONE : desc(F32, memory.format_tag.x, shape[0]);
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.padding(), c.padding()};
        convolution_forward.primitive_desc forward = checked(new convolution_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_training,
                dnnl.dnnl_convolution_direct,
                src,
                anyWeights,
                bias,
                dst,
                stride,
                padding,
                padding));
        Buffer master = Buffer.at(c.weight().data_ptr(), desc(F32, PLANES, shape));
        Buffer y = head ? Buffer.at(logits, dst) : program.allocate(dst);
        List<Argument> arguments = new ArrayList<>(List.of(
                new Argument(dnnl.DNNL_ARG_SRC, x),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, converted(master, forward.weights_desc())),
                new Argument(dnnl.DNNL_ARG_DST, y)));
        if (c.bias() != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, Buffer.at(c.bias().data_ptr(), bias)));
        }
        add("convolution forward", new convolution_forward(forward), arguments);
        values.put(c.output(), y);

        backward.push(() -> {
            Buffer dy = gradient(c.output());
            convolution_backward_weights.primitive_desc toWeights = weightGradient(c, src, bias, dst, forward);
            boolean fast = !isReference(toWeights);
            memory.desc readSrc = fast ? src : plain(kind, src);
            memory.desc readDst = fast ? dst : plain(kind, dst);
            if (!fast) { // AVX2 kernels for 3x3 need larger feature maps; the gemm kernel for plain layouts does not
                toWeights = checked(weightGradient(c, readSrc, bias, readDst, forward));
            }
            Buffer target = Buffer.at(c.weight().grad().data_ptr(), desc(F32, PLANES, shape));
            Buffer dw = toWeights.diff_weights_desc().equals(target.form())
                    ? target
                    : program.allocate(toWeights.diff_weights_desc());
            List<Argument> weightArguments = new ArrayList<>(List.of(
                    new Argument(dnnl.DNNL_ARG_SRC, converted(x, readSrc)),
                    new Argument(dnnl.DNNL_ARG_DIFF_DST, converted(dy, readDst)),
                    new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, dw)));
            if (c.bias() != null) {
                weightArguments.add(new Argument(
                        dnnl.DNNL_ARG_DIFF_BIAS, Buffer.at(c.bias().grad().data_ptr(), bias)));
            }
            add("convolution backward weights", new convolution_backward_weights(toWeights), weightArguments);
            if (dw != target) {
                reorder("weights", dw, target, false);
            }
            if (c.input() == 0) {
                return;
            }
            convolution_backward_data.primitive_desc toData = checked(new convolution_backward_data.primitive_desc(
                    ENGINE, dnnl.dnnl_convolution_direct, src, anyWeights, dst, stride, padding, padding, forward));
            Buffer dx = program.allocate(src);
            add(
                    "convolution backward data",
                    new convolution_backward_data(toData),
                    List.of(
                            new Argument(dnnl.DNNL_ARG_DIFF_DST, dy),
                            new Argument(dnnl.DNNL_ARG_WEIGHTS, converted(master, toData.weights_desc())),
                            new Argument(dnnl.DNNL_ARG_DIFF_SRC, dx)));
            contribute(c.input(), converted(dx, form(c.input(), type)), true);
        });
    }

    private static convolution_backward_weights.primitive_desc weightGradient(
            Convolution c,
            memory.desc src,
            memory.desc bias,
            memory.desc dst,
            convolution_forward.primitive_desc forward) {
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.padding(), c.padding()};
        return new convolution_backward_weights.primitive_desc(
                ENGINE,
                dnnl.dnnl_convolution_direct,
                src,
                desc(F32, ANY, weightShape(c)),
                bias,
                dst,
                stride,
                padding,
                padding,
                forward);
    }

    private static memory.desc plain(memory.data_type kind, memory.desc form) {
        return desc(kind, PLANES, OneDnn.dims(form));
    }

    private static long[] weightShape(Convolution c) {
        Tensor w = c.weight();
        return new long[] {w.size(0), w.size(1), c.kernel(), c.kernel()};
    }

    @Override
    void normalization(Normalization n) {
        BatchNorm bn = n.module();
        Buffer x = value(n.input());
        memory.desc images = x.form();
        memory.desc channels = desc(F32, memory.format_tag.x, bn.channels());
        int shared = dnnl.dnnl_use_global_stats;
        int flags = dnnl.dnnl_use_scale | dnnl.dnnl_use_shift | (n.relu() ? dnnl.dnnl_fuse_norm_relu : 0);
        batch_normalization_forward.primitive_desc forward = checked(new batch_normalization_forward.primitive_desc(
                ENGINE, dnnl.dnnl_forward_training, images, images, (float) bn.eps(), flags | shared));
        Buffer y = program.allocate(images);
        Statistics batchStatistics = statistics(n.input());
        Buffer mean = Buffer.at(batchStatistics.mean(), channels);
        Buffer variance = Buffer.at(batchStatistics.variance(), channels);
        Buffer scale = Buffer.at(bn.weight().data_ptr(), channels);
        @Nullable Buffer mask = n.relu() ? program.allocate(forward.workspace_desc()) : null;
        List<Argument> arguments = new ArrayList<>(List.of(
                new Argument(dnnl.DNNL_ARG_SRC, x),
                new Argument(dnnl.DNNL_ARG_DST, y),
                new Argument(dnnl.DNNL_ARG_MEAN, mean),
                new Argument(dnnl.DNNL_ARG_VARIANCE, variance),
                new Argument(dnnl.DNNL_ARG_SCALE, scale),
                new Argument(dnnl.DNNL_ARG_SHIFT, Buffer.at(bn.bias().data_ptr(), channels))));
        if (mask != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, mask));
        }
        add("normalization forward", new batch_normalization_forward(forward), arguments);
        values.put(n.output(), y);

        backward.push(() -> {
            Buffer dy = gradient(n.output());
            batch_normalization_backward.primitive_desc back = checked(new batch_normalization_backward.primitive_desc(
                    ENGINE, dnnl.dnnl_backward, images, images, images, (float) bn.eps(), flags, forward));
            Buffer dx = program.allocate(images);
            List<Argument> backArguments = new ArrayList<>(List.of(
                    new Argument(dnnl.DNNL_ARG_SRC, x),
                    new Argument(dnnl.DNNL_ARG_MEAN, mean),
                    new Argument(dnnl.DNNL_ARG_VARIANCE, variance),
                    new Argument(dnnl.DNNL_ARG_SCALE, scale),
                    new Argument(dnnl.DNNL_ARG_DIFF_DST, dy),
                    new Argument(dnnl.DNNL_ARG_DIFF_SRC, dx),
                    new Argument(
                            dnnl.DNNL_ARG_DIFF_SCALE,
                            Buffer.at(bn.weight().grad().data_ptr(), channels)),
                    new Argument(
                            dnnl.DNNL_ARG_DIFF_SHIFT, Buffer.at(bn.bias().grad().data_ptr(), channels))));
            if (mask != null) {
                backArguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, mask));
            }
            add("normalization backward", new batch_normalization_backward(back), backArguments);
            contribute(n.input(), dx, true);
        });
    }

    @Override
    void pooling(Pooling p) {
        Buffer x = value(p.input());
        memory.desc src = x.form();
        memory.desc dst = form(p.output(), type);
        int algorithm = p.max() ? dnnl.dnnl_pooling_max : dnnl.dnnl_pooling_avg_exclude_padding;
        long[] stride = {p.stride(), p.stride()};
        long[] kernel = {p.kernelHeight(), p.kernelWidth()};
        long[] dilation = {0, 0};
        long[] padding = {p.padding(), p.padding()};
        pooling_forward.primitive_desc forward = checked(new pooling_forward.primitive_desc(
                ENGINE, dnnl.dnnl_forward_training, algorithm, src, dst, stride, kernel, dilation, padding, padding));
        Buffer y = program.allocate(dst);
        @Nullable Buffer winners = p.max() ? program.allocate(forward.workspace_desc()) : null;
        List<Argument> arguments =
                new ArrayList<>(List.of(new Argument(dnnl.DNNL_ARG_SRC, x), new Argument(dnnl.DNNL_ARG_DST, y)));
        if (winners != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, winners));
        }
        add("pooling forward", new pooling_forward(forward), arguments);
        values.put(p.output(), y);

        backward.push(() -> {
            Buffer dy = gradient(p.output());
            pooling_backward.primitive_desc back = checked(new pooling_backward.primitive_desc(
                    ENGINE, algorithm, src, dst, stride, kernel, dilation, padding, padding, forward));
            Buffer dx = program.allocate(src);
            List<Argument> backArguments = new ArrayList<>(
                    List.of(new Argument(dnnl.DNNL_ARG_DIFF_DST, dy), new Argument(dnnl.DNNL_ARG_DIFF_SRC, dx)));
            if (winners != null) {
                backArguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, winners));
            }
            add("pooling backward", new pooling_backward(back), backArguments);
            contribute(p.input(), dx, true);
        });
    }

    @Override
    void padding(Padding p) {
        pad(p);
        backward.push(() -> contribute(p.input(), middle(gradient(p.output()), p), false));
    }

    @Override
    void concatenation(Concatenation c) {
        concatenate(c);
        backward.push(() -> {
            Buffer dy = gradient(c.output());
            int from = 0;
            for (int input : c.inputs()) {
                int channels = network.shape(input).channels();
                contribute(input, dy.channels(from, channels), false);
                from += channels;
            }
        });
    }

    @Override
    void addition(Addition a) {
        Buffer y = program.allocate(form(a.output(), type));
        add("addition", value(a.inputs().get(0)), value(a.inputs().get(1)), y);
        values.put(a.output(), y);
        backward.push(() -> {
            Buffer dy = gradient(a.output());
            a.inputs().forEach(input -> contribute(input, dy, false));
        });
    }

    /** The batch statistics of a value. Instructions that compute them are added on the first call only. */
    private Statistics statistics(int id) {
        Statistics known = statistics.get(id);
        if (known != null) {
            return known;
        }
        Shape shape = network.shape(id);
        Statistics result = new Statistics(shape.channels(), (long) batch * shape.height() * shape.width());
        statistics.put(id, result);
        Optional<Node> joined = network.nodes().stream()
                .filter(node -> node instanceof Concatenation && node.output() == id)
                .findAny();
        if (joined.isPresent()) {
            List<Statistics> parts =
                    joined.get().inputs().stream().map(this::statistics).toList();
            program.add("statistics", () -> {
                long at = 0;
                for (Statistics part : parts) {
                    result.copy(part, at);
                    at += part.channels();
                }
            });
        } else {
            computeStatistics(value(id), shape, result);
        }
        return result;
    }

    /**
     * Adds instructions that compute a value's statistics in parts. oneDNN sums all pixels of a channel sequentially in
     * float32, which has a large rounding error. Here each row of a blocked value (or each column of a channels-last
     * value) is treated as a separate channel. Their sums are short, and Java combines the few parts in float64.
     */
    private void computeStatistics(Buffer value, Shape shape, Statistics target) {
        boolean blocked = layout != memory.format_tag.nhwc;
        int parts = blocked ? shape.height() : shape.width();
        int channels = shape.channels() * parts;
        memory.desc view = blocked
                ? desc(type, layout, batch, channels, 1, shape.width())
                : desc(type, layout, (long) batch * shape.height(), channels, 1, 1);
        batch_normalization_forward.primitive_desc partwise = checked(new batch_normalization_forward.primitive_desc(
                ENGINE, dnnl.dnnl_forward_training, view, view, 1e-5f, 0));
        Statistics partStatistics = new Statistics(channels, 1);
        partialStatistics.add(partStatistics);
        memory.desc form = desc(F32, memory.format_tag.x, channels);
        add(
                "statistics",
                new batch_normalization_forward(partwise),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC, value.as(view)),
                        new Argument(dnnl.DNNL_ARG_DST, program.allocate(view)), // required by oneDNN, but not read
                        new Argument(dnnl.DNNL_ARG_MEAN, Buffer.at(partStatistics.mean(), form)),
                        new Argument(dnnl.DNNL_ARG_VARIANCE, Buffer.at(partStatistics.variance(), form))));
        int block = OneDnn.block(layout);
        IntUnaryOperator first = blocked ? c -> c / block * parts * block + c % block : c -> c;
        program.add("statistics", () -> target.join(partStatistics, first, blocked ? block : shape.channels(), parts));
    }

    // Gradients of values

    private void contribute(int value, Buffer gradient, boolean owned) {
        gradients.computeIfAbsent(value, v -> new ArrayList<>()).add(new Gradient(gradient, owned));
    }

    /** The gradient of a value: the contiguous sum of the gradients from all its readers. */
    private Buffer gradient(int value) {
        List<Gradient> parts = Objects.requireNonNull(gradients.get(value));
        if (parts.size() == 1 && !parts.get(0).value().isView()) {
            return parts.get(0).value();
        }
        @Nullable Buffer sum = null;
        for (Gradient part : parts) {
            if (part.owned()) {
                sum = part.value();
            }
        }
        for (Gradient part : parts) {
            if (sum == null) {
                sum = program.allocate(form(value, type));
                reorder("gradient copy", part.value(), sum, false);
            } else if (part.value() != sum && !part.value().isView()) {
                add("gradient addition", sum, part.value(), sum);
            } else if (part.value() != sum) {
                reorder("gradient addition of a view", part.value(), sum, true);
            }
        }
        return Objects.requireNonNull(sum);
    }

    // Running

    /** Computes the logits [N, classes] of images [N, 3, H, W]. */
    float[] forward(Pointer images) {
        program.move(image, images);
        program.run(0, forwardSize);
        return Natives.values(logits);
    }

    /** The gradient of the loss with respect to the logits, [N, classes]. Set it before you call {@link #backward}. */
    FloatPointer logitGradients() {
        return logitGradients;
    }

    /** Updates the running statistics of every normalisation with those of the batch. */
    void updateRunningStatistics() {
        for (Node node : network.nodes()) {
            if (node instanceof Normalization n) {
                Objects.requireNonNull(statistics.get(n.input())).updateRunning(n.module());
            }
        }
    }

    /** Computes the gradient of every parameter and overwrites the previous one. */
    void backward() {
        program.run(forwardSize, program.size());
    }

    /** Runs one forward and backward pass and returns milliseconds by kind of instruction. */
    Map<String, Double> profile(Pointer images) {
        program.move(image, images);
        return program.profile(0, program.size());
    }

    @Override
    public void close() {
        super.close();
        statistics.values().forEach(Statistics::close);
        partialStatistics.forEach(Statistics::close);
        logits.close();
        logitGradients.close();
    }
}
