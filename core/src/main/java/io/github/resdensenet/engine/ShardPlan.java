package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ANY;
import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.NONE;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.checked;
import static io.github.resdensenet.engine.OneDnn.desc;
import static io.github.resdensenet.engine.OneDnn.isReference;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Part;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Network.Shape;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.nn.Trace.Layer.BatchNorm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Forward and backward pass of a network for one shard of a batch, as a fixed list of oneDNN primitives.
 *
 * <p>Each node adds its forward instructions and pushes a function that adds its backward instructions. The functions
 * run in reverse order. Weights are read from the model's tensors. A value that several nodes read receives one gradient
 * from each of them. The gradients are summed when the backward pass reaches the node that computes the value.
 *
 * <p>The instructions form segments. Between two segments, the shards of the batch exchange statistics and sums.
 */
final class ShardPlan extends Plan {
    private final int shard;
    private final Exchange exchange;
    private final PreparedWeights weights;
    private final Set<Integer> withStatistics = new HashSet<>();
    private final List<Statistics> partialStatistics = new ArrayList<>();
    private final Map<Integer, List<Gradient>> gradients = new HashMap<>();
    private final Deque<Runnable> backward = new ArrayDeque<>();
    private final List<Integer> segmentEnds = new ArrayList<>();
    private final List<ParameterGradient> parameterGradients = new ArrayList<>();
    private final Set<Integer> corrected = new HashSet<>();
    private final Buffer image;
    private final FloatPointer logits;
    private final FloatPointer logitGradients;
    private final int forwardEnd;
    private boolean exchangeDue;

    /** The gradient of a value from one of its readers. An owned gradient can be overwritten. */
    private record Gradient(Buffer value, boolean owned) {}

    /**
     * The gradient of a convolution's weight or bias for the images of the shard.
     *
     * @param segment the segment that computes it
     * @param value its memory, which is reserved until the end of the next segment
     * @param target the gradient of the parameter
     */
    record ParameterGradient(int segment, Buffer value, Buffer target) {}

    /**
     * Compiles a network. Set the thread's number of compute threads to 1 before. The descriptors of the plan's values
     * belong to the open PointerScope.
     *
     * @param shard number of the shard, from 0
     * @param size images in the shard
     * @param type data type of the activations and of the weights that multiply them
     * @param workspace memory for the activations and their gradients
     * @throws UnsupportedOperationException if oneDNN has no optimised kernel for a node on this processor
     */
    ShardPlan(
            Network network,
            int shard,
            int size,
            memory.data_type type,
            Exchange exchange,
            PreparedWeights weights,
            Workspace workspace) {
        super(network, size, type);
        this.shard = shard;
        this.exchange = exchange;
        this.weights = weights;
        int classes = network.shape(network.output()).channels();
        logits = new FloatPointer((long) batch * classes).retainReference(); // must outlive an open scope
        logitGradients = new FloatPointer((long) batch * classes).retainReference();
        image = Buffer.at(logits, plain(0)); // placeholder address: setImages() sets the images
        values.put(0, converted(image, form(0, type)));
        network.nodes().forEach(this::add);
        forwardEnd = segment();
        endSegment(); // the loss needs the logits of all shards
        gradients.put(
                network.output(), List.of(new Gradient(Buffer.at(logitGradients, form(network.output(), F32)), false)));
        backward.forEach(this::addBackward);
        endSegment();
        program.seal(workspace);
    }

    /** Adds backward instructions. If the gradients fill a slice, the segment ends, so that it can be sent. */
    private void addBackward(Runnable instructions) {
        instructions.run();
        long bytes = parameterGradients.stream()
                .filter(gradient -> gradient.segment == segment())
                .mapToLong(gradient -> gradient.target.form().get_size())
                .sum();
        if (exchange.isBetweenProcesses() && bytes >= GradientExchange.SLICE * Float.BYTES) {
            endSegment();
        }
    }

    /** Ends a segment: the shards meet here. */
    private void endSegment() {
        for (ParameterGradient gradient : parameterGradients) {
            if (gradient.segment >= segment() - 1) {
                program.use(gradient.value);
            }
        }
        segmentEnds.add(program.size());
        exchangeDue = false;
    }

    private int segment() {
        return segmentEnds.size();
    }

    /** Adds an action to the next meeting; if nothing has to be exchanged there, to the previous meeting. */
    private void atMeeting(Runnable action) {
        boolean next = exchangeDue || segment() == 0;
        exchange.meeting(next ? segment() : segment() - 1).add(action);
    }

    private void exchange(Combination<?> action) {
        exchange.meeting(segment()).add(action);
        exchangeDue = exchange.isSync();
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
                padding,
                OneDnn.attributes(),
                false));
        Buffer y = head ? Buffer.at(logits, dst) : program.allocate(dst);
        List<Argument> arguments = new ArrayList<>(List.of(
                new Argument(dnnl.DNNL_ARG_SRC, x),
                new Argument(dnnl.DNNL_ARG_WEIGHTS, weights.weight(c, null, forward.weights_desc())),
                new Argument(dnnl.DNNL_ARG_DST, y)));
        if (c.bias() != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_BIAS, Buffer.at(c.bias().data_ptr(), bias)));
        }
        add("convolution forward", forward, new convolution_forward(forward), arguments);
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
            Buffer dw = parameterGradient(
                    toWeights.diff_weights_desc(), Buffer.at(c.weight().grad().data_ptr(), desc(F32, PLANES, shape)));
            List<Argument> weightArguments = new ArrayList<>(List.of(
                    new Argument(dnnl.DNNL_ARG_SRC, converted(x, readSrc)),
                    new Argument(dnnl.DNNL_ARG_DIFF_DST, converted(dy, readDst)),
                    new Argument(dnnl.DNNL_ARG_DIFF_WEIGHTS, dw)));
            if (c.bias() != null) {
                weightArguments.add(new Argument(
                        dnnl.DNNL_ARG_DIFF_BIAS,
                        parameterGradient(bias, Buffer.at(c.bias().grad().data_ptr(), bias))));
            }
            add(
                    "convolution backward weights",
                    toWeights,
                    new convolution_backward_weights(toWeights),
                    weightArguments);
            if (c.input() == 0) {
                return;
            }
            convolution_backward_data.primitive_desc toData = checked(new convolution_backward_data.primitive_desc(
                    ENGINE,
                    dnnl.dnnl_convolution_direct,
                    src,
                    anyWeights,
                    dst,
                    stride,
                    padding,
                    padding,
                    forward,
                    OneDnn.attributes(),
                    false));
            Buffer dx = program.allocate(src);
            add(
                    "convolution backward data",
                    toData,
                    new convolution_backward_data(toData),
                    List.of(
                            new Argument(dnnl.DNNL_ARG_DIFF_DST, dy),
                            new Argument(dnnl.DNNL_ARG_WEIGHTS, weights.weight(c, null, toData.weights_desc())),
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
                forward,
                OneDnn.attributes(),
                false);
    }

    /** Memory for the shard's gradient of a parameter. */
    private Buffer parameterGradient(memory.desc form, Buffer target) {
        Buffer gradient = program.allocate(form);
        parameterGradients.add(new ParameterGradient(segment(), gradient, target));
        return gradient;
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
        int given = dnnl.dnnl_use_global_stats;
        int flags = dnnl.dnnl_use_scale | dnnl.dnnl_use_shift | (n.relu() ? dnnl.dnnl_fuse_norm_relu : 0);
        batch_normalization_forward.primitive_desc forward = checked(new batch_normalization_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_training,
                images,
                images,
                (float) bn.eps(),
                flags | given,
                OneDnn.attributes(),
                false));
        Statistics read = statistics(n.input()).read(shard);
        if (exchangeDue) {
            endSegment();
        }
        Buffer y = program.allocate(images);
        Buffer mean = Buffer.at(read.mean(), channels);
        Buffer variance = Buffer.at(read.variance(), channels);
        Buffer scale = Buffer.at(bn.weight().data_ptr(), channels);
        @Nullable Buffer mask = n.relu() ? program.allocate(forward.workspace_desc()) : null;
        List<Argument> arguments = new ArrayList<>(List.of(
                new Argument(dnnl.DNNL_ARG_SRC, x),
                new Argument(dnnl.DNNL_ARG_DST, y),
                new Argument(dnnl.DNNL_ARG_MEAN, mean),
                new Argument(dnnl.DNNL_ARG_VARIANCE, variance),
                new Argument(dnnl.DNNL_ARG_SCALE, scale),
                new Argument(dnnl.DNNL_ARG_SHIFT, Buffer.at(bn.bias().data_ptr(), channels))));
        addWorkspace(arguments, mask);
        add("normalization forward", forward, new batch_normalization_forward(forward), arguments);
        values.put(n.output(), y);

        backward.push(() -> {
            Buffer dy = gradient(n.output());
            NormalizationGradient sums = exchange.gradient(n);
            batch_normalization_backward.primitive_desc back = checked(new batch_normalization_backward.primitive_desc(
                    ENGINE,
                    dnnl.dnnl_backward,
                    images,
                    images,
                    images,
                    (float) bn.eps(),
                    exchange.isSync() ? flags | given : flags,
                    forward,
                    OneDnn.attributes(),
                    false));
            Buffer dx = program.allocate(images);
            List<Argument> backArguments = new ArrayList<>(List.of(
                    new Argument(dnnl.DNNL_ARG_SRC, x),
                    new Argument(dnnl.DNNL_ARG_MEAN, mean),
                    new Argument(dnnl.DNNL_ARG_VARIANCE, variance),
                    new Argument(dnnl.DNNL_ARG_SCALE, scale),
                    new Argument(dnnl.DNNL_ARG_DIFF_DST, dy),
                    new Argument(dnnl.DNNL_ARG_DIFF_SRC, dx),
                    new Argument(dnnl.DNNL_ARG_DIFF_SCALE, Buffer.at(sums.scale(shard), channels)),
                    new Argument(dnnl.DNNL_ARG_DIFF_SHIFT, Buffer.at(sums.shift(shard), channels))));
            addWorkspace(backArguments, mask);
            add("normalization backward", back, new batch_normalization_backward(back), backArguments);
            contribute(n.input(), dx, true);
            exchange(sums);
            if (exchange.isSync()) {
                network.sources(n.input()).forEach(part -> corrected.add(part.value()));
            }
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
                ENGINE,
                dnnl.dnnl_forward_training,
                algorithm,
                src,
                dst,
                stride,
                kernel,
                dilation,
                padding,
                padding,
                OneDnn.attributes(),
                false));
        Buffer y = program.allocate(dst);
        @Nullable Buffer winners = p.max() ? program.allocate(forward.workspace_desc()) : null;
        List<Argument> arguments =
                new ArrayList<>(List.of(new Argument(dnnl.DNNL_ARG_SRC, x), new Argument(dnnl.DNNL_ARG_DST, y)));
        addWorkspace(arguments, winners);
        add("pooling forward", forward, new pooling_forward(forward), arguments);
        values.put(p.output(), y);

        backward.push(() -> {
            Buffer dy = gradient(p.output());
            pooling_backward.primitive_desc back = checked(new pooling_backward.primitive_desc(
                    ENGINE,
                    algorithm,
                    src,
                    dst,
                    stride,
                    kernel,
                    dilation,
                    padding,
                    padding,
                    forward,
                    OneDnn.attributes(),
                    false));
            Buffer dx = program.allocate(src);
            List<Argument> backArguments = new ArrayList<>(
                    List.of(new Argument(dnnl.DNNL_ARG_DIFF_DST, dy), new Argument(dnnl.DNNL_ARG_DIFF_SRC, dx)));
            addWorkspace(backArguments, winners);
            add("pooling backward", back, new pooling_backward(back), backArguments);
            contribute(p.input(), dx, true);
        });
    }

    /** Adds what the forward primitive keeps for the backward primitive, unless it keeps nothing. */
    private static void addWorkspace(List<Argument> arguments, @Nullable Buffer kept) {
        if (kept != null) {
            arguments.add(new Argument(dnnl.DNNL_ARG_WORKSPACE, kept));
        }
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
            for (Part part : network.parts(c)) {
                int channels = network.shape(part.value()).channels();
                contribute(part.value(), dy.channels(part.firstChannel(), channels), false);
            }
        });
    }

    @Override
    void addition(Addition a) {
        Buffer y = program.allocate(form(a.output(), type));
        program.add("addition", value(a.inputs().get(0)), value(a.inputs().get(1)), y);
        values.put(a.output(), y);
        backward.push(() -> {
            Buffer dy = gradient(a.output());
            a.inputs().forEach(input -> contribute(input, dy, false));
        });
    }

    /** The batch statistics of a value. Instructions that compute them are added on the first call only. */
    private BatchStatistics statistics(int id) {
        BatchStatistics result = exchange.statistics(id);
        if (!withStatistics.add(id)) {
            return result;
        }
        Concatenation c = network.concatenation(id);
        if (c == null) {
            computeStatistics(value(id), network.shape(id), result);
            exchange(result);
            return result;
        }
        c.inputs().forEach(this::statistics);
        atMeeting(exchange.join(c));
        if (!exchange.isSync()) {
            program.add(
                    "statistics",
                    () -> network.parts(c)
                            .forEach(part -> result.read(shard)
                                    .copy(exchange.statistics(part.value()).read(shard), part.firstChannel())));
        }
        return result;
    }

    /**
     * Adds instructions that compute a value's statistics in parts. oneDNN sums all pixels of a channel sequentially in
     * float32, which has a large rounding error. Here each row of a blocked value (or each column of a channels-last
     * value) is treated as a separate channel. Their sums are short, and Java combines the few parts in float64.
     */
    private void computeStatistics(Buffer value, Shape shape, BatchStatistics target) {
        boolean blocked = layout != memory.format_tag.nhwc;
        int parts = blocked ? shape.height() : shape.width();
        int channels = shape.channels() * parts;
        memory.desc view = blocked
                ? desc(type, layout, batch, channels, 1, shape.width())
                : desc(type, layout, (long) batch * shape.height(), channels, 1, 1);
        batch_normalization_forward.primitive_desc partwise = checked(new batch_normalization_forward.primitive_desc(
                ENGINE, dnnl.dnnl_forward_training, view, view, 1e-5f, 0, OneDnn.attributes(), false));
        Statistics partStatistics = new Statistics(channels, 1);
        partialStatistics.add(partStatistics);
        memory.desc form = desc(F32, memory.format_tag.x, channels);
        add(
                "statistics",
                partwise,
                new batch_normalization_forward(partwise),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC, value.as(view)),
                        new Argument(dnnl.DNNL_ARG_DST, program.allocate(view)), // required by oneDNN, but not read
                        new Argument(dnnl.DNNL_ARG_MEAN, Buffer.at(partStatistics.mean(), form)),
                        new Argument(dnnl.DNNL_ARG_VARIANCE, Buffer.at(partStatistics.variance(), form))));
        int block = OneDnn.block(layout);
        IntUnaryOperator first = blocked ? c -> c / block * parts * block + c % block : c -> c;
        int stride = blocked ? block : shape.channels();
        long count = (long) batch * shape.height() * shape.width();
        program.add(
                "statistics",
                () -> target.set(
                        shard,
                        Moments.of(
                                Natives.values(partStatistics.mean()),
                                Natives.values(partStatistics.variance()),
                                shape.channels(),
                                first,
                                stride,
                                parts,
                                count)));
    }

    // Gradients of values

    private void contribute(int value, Buffer gradient, boolean owned) {
        gradients.computeIfAbsent(value, v -> new ArrayList<>()).add(new Gradient(gradient, owned));
    }

    /** The gradient of a value: the contiguous sum of the gradients from all its readers. */
    private Buffer gradient(int value) {
        List<Gradient> parts = Objects.requireNonNull(gradients.get(value));
        if (!corrected.contains(value)) {
            boolean single = parts.size() == 1 && !parts.get(0).value().isView();
            return single ? parts.get(0).value() : sum(value, parts);
        }
        Buffer sum = sum(value, parts);
        Correction correction = exchange.correction(value);
        atMeeting(correction);
        if (exchangeDue) {
            endSegment();
        }
        correct(value(value), sum, correction);
        return sum;
    }

    /** Adds the instructions of the sum of gradients, in memory that can be overwritten. */
    private Buffer sum(int value, List<Gradient> parts) {
        @Nullable Buffer sum = null;
        for (Gradient part : parts) {
            if (part.owned()) {
                sum = part.value();
            }
        }
        for (Gradient part : parts) {
            if (sum == null) {
                sum = program.allocate(form(value, type));
                program.reorder("gradient copy", part.value(), sum, false);
            } else if (part.value() != sum && !part.value().isView()) {
                program.add("gradient addition", sum, part.value(), sum);
            } else if (part.value() != sum) {
                program.reorder("gradient addition of a view", part.value(), sum, true);
            }
        }
        return Objects.requireNonNull(sum);
    }

    /**
     * Adds the instructions gradient = gradient + constant + factor (x - mean) / sqrt(variance + eps). A normalisation
     * and an addition are faster than one primitive with an operand per channel.
     */
    private void correct(Buffer x, Buffer gradient, Correction correction) {
        memory.desc channels = desc(F32, memory.format_tag.x, correction.channels());
        int flags = dnnl.dnnl_use_global_stats | dnnl.dnnl_use_scale | dnnl.dnnl_use_shift;
        batch_normalization_forward.primitive_desc linear = checked(new batch_normalization_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_inference,
                x.form(),
                gradient.form(),
                (float) Correction.EPS,
                flags,
                OneDnn.attributes(),
                false));
        Buffer term = program.allocate(gradient.form());
        add(
                "normalization backward",
                linear,
                new batch_normalization_forward(linear),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC, x),
                        new Argument(dnnl.DNNL_ARG_DST, term),
                        new Argument(dnnl.DNNL_ARG_MEAN, Buffer.at(correction.mean(), channels)),
                        new Argument(dnnl.DNNL_ARG_VARIANCE, Buffer.at(correction.variance(), channels)),
                        new Argument(dnnl.DNNL_ARG_SCALE, Buffer.at(correction.factor(), channels)),
                        new Argument(dnnl.DNNL_ARG_SHIFT, Buffer.at(correction.constant(), channels))));
        program.add("normalization backward", gradient, term, gradient);
    }

    // Running

    /** Sets the images of the next pass: [N, 3, H, W]. */
    void setImages(Pointer images) {
        program.move(image, images);
    }

    int segments() {
        return segmentEnds.size();
    }

    /** Runs the instructions of a segment. */
    void run(int segment) {
        program.run(start(segment), segmentEnds.get(segment));
    }

    /** Runs a segment and returns milliseconds by kind of instruction. */
    Map<String, Double> profile(int segment) {
        return program.profile(start(segment), segmentEnds.get(segment));
    }

    private int start(int segment) {
        return segment == 0 ? 0 : segmentEnds.get(segment - 1);
    }

    /** The logits of the last pass, [N, classes]. */
    FloatPointer logits() {
        return logits;
    }

    /** The gradient of the loss with respect to the logits, [N, classes]. */
    FloatPointer logitGradients() {
        return logitGradients;
    }

    /** The number of the segment that ends with the logits. */
    int forwardEnd() {
        return forwardEnd;
    }

    List<ParameterGradient> parameterGradients() {
        return parameterGradients;
    }

    /** A value at its final address. */
    Buffer located(Buffer value) {
        return program.located(value);
    }

    @Override
    public void close() {
        super.close();
        partialStatistics.forEach(Statistics::close);
        logits.close();
        logitGradients.close();
    }
}
