package io.github.resdensenet.engine;

import static io.github.resdensenet.engine.OneDnn.ENGINE;
import static io.github.resdensenet.engine.OneDnn.checked;

import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Program.Argument;
import io.github.resdensenet.nn.NativeSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.pooling_forward;
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
