package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ANY;
import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.F32;
import static io.github.resdensenet.engine.OneDnn.PLANES;
import static io.github.resdensenet.engine.OneDnn.checked;
import static io.github.resdensenet.engine.OneDnn.desc;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.nn.NativeSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_forward;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Forward pass of a network for one image. The plan uses as many oneDNN threads as are set in the thread that
 * creates it.
 */
abstract class ImagePlan extends Plan {
    /** Nodes that the convolution before them computes too. */
    final Set<Node> fused = new HashSet<>();

    final FloatPointer logits;
    private final Workspace workspace = new Workspace();
    private Buffer image;
    private int head;

    ImagePlan(Network network, memory.data_type type, memory.format_tag layout) {
        super(network, 1, type, layout);
        logits = new FloatPointer((long) network.shape(network.output()).channels()).retainReference();
        image = Buffer.at(logits, plain(0)); // placeholder address: run() sets the image
    }

    /** Adds the instructions of all nodes. Call it at the end of the constructor, in a PointerScope. */
    final void compile() {
        values.put(0, input(image));
        for (Node node : network.nodes()) {
            if (isHead(node.output())) {
                NativeSettings.onOneThread(() -> add(node));
            } else if (!fused.contains(node)) {
                add(node);
            }
        }
        head = program.size() - 1;
        program.seal(workspace);
    }

    /** The image in the form in which the first layer reads it. */
    Buffer input(Buffer image) {
        return converted(image, form(0, type(0)));
    }

    /** Memory for a value. */
    Buffer place(int id) {
        return program.allocate(form(id, type(id)));
    }

    @Override
    void pooling(Pooling p) {
        Buffer x = value(p.input());
        Buffer y = place(p.output());
        long[] stride = {p.stride(), p.stride()};
        long[] kernel = {p.kernelHeight(), p.kernelWidth()};
        long[] padding = {p.padding(), p.padding()};
        pooling_forward.primitive_desc forward = checked(new pooling_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_inference,
                p.max() ? dnnl.dnnl_pooling_max : dnnl.dnnl_pooling_avg_exclude_padding,
                x.form(),
                y.form(),
                stride,
                kernel,
                new long[] {0, 0},
                padding,
                padding,
                OneDnn.attributes(),
                false));
        add(
                "pooling",
                forward,
                new pooling_forward(forward),
                List.of(new Argument(dnnl.DNNL_ARG_SRC, x), new Argument(dnnl.DNNL_ARG_DST, y)));
        values.put(p.output(), y);
    }

    @Override
    void padding(Padding p) {
        pad(p);
    }

    @Override
    void addition(Addition a) {
        Buffer y = place(a.output());
        program.add("addition", value(a.inputs().get(0)), value(a.inputs().get(1)), y);
        values.put(a.output(), y);
    }

    /**
     * The description of a convolution's primitive.
     *
     * @param numbers type of the weights
     */
    static convolution_forward.primitive_desc describe(
            Convolution c,
            memory.desc src,
            memory.data_type numbers,
            memory.desc bias,
            memory.desc dst,
            primitive_attr attributes) {
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.padding(), c.padding()};
        return checked(new convolution_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_inference,
                dnnl.dnnl_convolution_direct,
                src,
                desc(numbers, ANY, c.weight().size(0), c.weight().size(1), c.kernel(), c.kernel()),
                bias,
                dst,
                stride,
                padding,
                padding,
                attributes,
                false));
    }

    /** The form in which a convolution reads its input: the logits' layer reads the features as float32. */
    final memory.desc source(Convolution c, memory.data_type numbers) {
        return isHead(c.output())
                ? desc(F32, PLANES, 1, network.shape(c.input()).channels(), 1, 1)
                : form(c.input(), numbers);
    }

    /** Makes a convolution add a value to its result. */
    static void add(post_ops after, List<Argument> arguments, Buffer summand) {
        int position = after.len() + 1;
        after.append_binary(dnnl.dnnl_binary_add, summand.form());
        arguments.add(
                new Argument((dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * position) | dnnl.DNNL_ARG_SRC_1, summand));
    }

    /** Adds a normalisation with the given mean, variance, scale and shift, each [channels]. */
    final void normalize(
            String kind,
            Normalization n,
            Buffer x,
            boolean relu,
            double eps,
            Buffer mean,
            Buffer variance,
            Buffer scale,
            Buffer shift) {
        int flags = dnnl.dnnl_use_global_stats
                | dnnl.dnnl_use_scale
                | dnnl.dnnl_use_shift
                | (relu ? dnnl.dnnl_fuse_norm_relu : 0);
        batch_normalization_forward.primitive_desc forward = checked(new batch_normalization_forward.primitive_desc(
                ENGINE,
                dnnl.dnnl_forward_inference,
                x.form(),
                x.form(),
                (float) eps,
                flags,
                OneDnn.attributes(),
                false));
        Buffer y = place(n.output());
        add(
                kind,
                forward,
                new batch_normalization_forward(forward),
                List.of(
                        new Argument(dnnl.DNNL_ARG_SRC, x),
                        new Argument(dnnl.DNNL_ARG_DST, y),
                        new Argument(dnnl.DNNL_ARG_MEAN, mean),
                        new Argument(dnnl.DNNL_ARG_VARIANCE, variance),
                        new Argument(dnnl.DNNL_ARG_SCALE, scale),
                        new Argument(dnnl.DNNL_ARG_SHIFT, shift)));
        values.put(n.output(), y);
    }

    /** Computes the logits of an image [3, H, W] and writes them to {@code to}, starting at index {@code at}. */
    void run(Pointer imageAddress, float[] to, int at) {
        program.move(image, imageAddress);
        program.run(0, head);
        // oneDNN can divide the sums of this layer among threads, which rounds differently. With one thread, the logits
        // of an image are the same for any number of threads and images.
        NativeSettings.onOneThread(() -> program.run(head, program.size()));
        logits.get(to, at, Math.toIntExact(logits.capacity()));
    }

    @Override
    public void close() {
        super.close();
        workspace.close();
        logits.close();
    }
}
