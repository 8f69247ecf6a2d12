package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.proto.onnx.AttributeProto;
import io.github.resdensenet.proto.onnx.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rewrites a network so that only convolutions are left to quantise, with the same results up to rounding:
 *
 * <ul>
 *   <li>A batch normalisation after a convolution becomes part of it.
 *   <li>Any other batch normalisation becomes a depthwise 1x1 convolution.
 *   <li>Zero padding before a convolution becomes part of it.
 *   <li>Average pooling after a 1x1 convolution moves before it, where it leaves fewer pixels to compute.
 * </ul>
 */
final class FoldedNetwork {
    private final OnnxGraph source;
    private final OnnxGraph target;
    /** What the output of a node that has become part of another is called now. */
    private final Map<String, String> renamed = new HashMap<>();

    private final Map<String, Long> padding = new HashMap<>();

    private FoldedNetwork(OnnxGraph source) {
        this.source = source;
        target = new OnnxGraph(source.name());
    }

    static OnnxGraph of(OnnxGraph network) {
        FoldedNetwork folded = new FoldedNetwork(network);
        for (NodeProto node : network.nodes()) {
            if (!folded.renamed.containsKey(node.getName())) {
                folded.add(node);
            }
        }
        return folded.target;
    }

    private String input(NodeProto node, int index) {
        String name = node.getInput(index);
        return renamed.getOrDefault(name, name);
    }

    private float[] tensor(NodeProto node, int index) {
        return source.floats(node.getInput(index));
    }

    private void add(NodeProto node) {
        switch (node.getOpType()) {
            case "Conv" -> addConvolution(node);
            case "BatchNormalization" -> addDepthwise(node);
            case "Pad" -> addPadding(node);
            default -> copy(node);
        }
    }

    private void copy(NodeProto node) {
        List<String> inputs = node.getInputList().stream()
                .map(name -> renamed.getOrDefault(name, name))
                .toList();
        inputs.forEach(name -> target.copyTensor(source, name));
        target.node(node.getOpType(), node.getName(), inputs, attributes(node));
    }

    private void addPadding(NodeProto pad) {
        if (source.onlyReader(pad)
                .filter(reader -> reader.getOpType().equals("Conv"))
                .isEmpty()) {
            copy(pad);
            return;
        }
        long[] pads = source.longs(pad.getInput(1));
        renamed.put(pad.getName(), input(pad, 0));
        padding.put(pad.getName(), pads[pads.length - 1]);
    }

    /** The attributes of a convolution, with the padding before it. */
    private AttributeProto[] padded(NodeProto conv) {
        long more = padding.getOrDefault(conv.getInput(0), 0L);
        return conv.getAttributeList().stream()
                .map(a -> a.getName().equals("pads")
                        ? attribute(
                                "pads",
                                a.getIntsList().stream()
                                        .mapToLong(n -> n + more)
                                        .toArray())
                        : a)
                .toArray(AttributeProto[]::new);
    }

    private static AttributeProto[] attributes(NodeProto node) {
        return node.getAttributeList().toArray(AttributeProto[]::new);
    }

    private void addConvolution(NodeProto conv) {
        String weight = conv.getInput(1);
        String input = input(conv, 0);
        Optional<NodeProto> reader = source.onlyReader(conv);
        Optional<NodeProto> bn = reader.filter(node -> node.getOpType().equals("BatchNormalization"));
        Optional<NodeProto> pool = reader.filter(node -> node.getOpType().equals("AveragePool"));
        if (pool.isPresent() && isPointwise(conv) && OnnxGraph.isAll(pool.get(), "pads", 0)) {
            input = target.node("AveragePool", pool.get().getName(), List.of(input), attributes(pool.get()));
            renamed.put(pool.get().getName(), conv.getName());
        }
        if (bn.isPresent()) {
            Affine affine = affine(bn.get());
            float[] weights = tensor(conv, 1).clone();
            int perChannel = weights.length / affine.scale.length;
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) (weights[i] * affine.scale[i / perChannel]);
            }
            float[] shift = new float[affine.scale.length];
            for (int c = 0; c < shift.length; c++) {
                double bias = conv.getInputCount() > 2 ? tensor(conv, 2)[c] : 0;
                shift[c] = (float) (bias * affine.scale[c] + affine.shift[c]);
            }
            String folded = target.float32(weight, source.shape(weight), weights);
            String bias = target.float32(conv.getName() + ".bias", List.of((long) shift.length), shift);
            target.node("Conv", conv.getName(), List.of(input, folded, bias), padded(conv));
            renamed.put(bn.get().getName(), conv.getName());
            return;
        }
        List<String> parameters = conv.getInputList().subList(1, conv.getInputCount());
        parameters.forEach(name -> target.copyTensor(source, name));
        List<String> inputs = new ArrayList<>(List.of(input));
        inputs.addAll(parameters);
        target.node("Conv", conv.getName(), inputs, padded(conv));
    }

    private static boolean isPointwise(NodeProto conv) {
        return OnnxGraph.isAll(conv, "kernel_shape", 1)
                && OnnxGraph.isAll(conv, "strides", 1)
                && OnnxGraph.isAll(conv, "pads", 0);
    }

    private void addDepthwise(NodeProto bn) {
        Affine affine = affine(bn);
        int channels = affine.scale.length;
        float[] scale = new float[channels];
        float[] shift = new float[channels];
        for (int c = 0; c < channels; c++) {
            scale[c] = (float) affine.scale[c];
            shift[c] = (float) affine.shift[c];
        }
        String weight = target.float32(bn.getInput(1), List.of((long) channels, 1L, 1L, 1L), scale);
        String bias = target.float32(bn.getInput(2), List.of((long) channels), shift);
        target.node(
                "Conv",
                bn.getName(),
                List.of(input(bn, 0), weight, bias),
                attribute("group", channels),
                attribute("kernel_shape", 1, 1));
    }

    /** What a batch normalisation computes per channel: scale x value + shift. */
    private record Affine(double[] scale, double[] shift) {}

    private Affine affine(NodeProto bn) {
        float[] weight = tensor(bn, 1);
        float[] bias = tensor(bn, 2);
        float[] mean = tensor(bn, 3);
        float[] variance = tensor(bn, 4);
        double eps = bn.getAttribute(0).getF();
        double[] scale = new double[weight.length];
        double[] shift = new double[weight.length];
        for (int c = 0; c < weight.length; c++) {
            scale[c] = weight[c] / Math.sqrt(variance[c] + eps);
            shift[c] = bias[c] - mean[c] * scale[c];
        }
        return new Affine(scale, shift);
    }
}
