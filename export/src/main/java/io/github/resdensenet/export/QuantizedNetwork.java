package io.github.resdensenet.export;

import static io.github.resdensenet.export.OnnxGraph.attribute;

import io.github.resdensenet.export.ActivationRanges.Range;
import io.github.resdensenet.proto.onnx.AttributeProto;
import io.github.resdensenet.proto.onnx.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Quantises a folded network to 8 bits, with QuantizeLinear and DequantizeLinear nodes around its operations.
 *
 * <p>Activations are uint8 with one scale per value; the values that a block concatenates share a scale. Weights are
 * int8 with one scale per output channel. They use 7 of the 8 bits: on processors without 8-bit dot products, ONNX
 * Runtime adds pairs of products in 16 bits, which would overflow.
 */
final class QuantizedNetwork {
    private static final int MAX_WEIGHT = 63;
    private static final int LEVELS = 255;
    private static final double SMALLEST_SCALE = 1e-8;

    /** Limit of the quantised biases, half of what 32 bits can hold. */
    private static final double MAX_BIAS = 1 << 30;

    /** Operations that read quantised values. ONNX Runtime merges them with their Quantize and Dequantize nodes. */
    private static final Set<String> QUANTIZED = Set.of("Conv", "Gemm", "Concat", "MaxPool", "AveragePool", "Add");

    private final OnnxGraph source;
    private final OnnxGraph target;
    private final ActivationRanges ranges;
    private final Map<String, String> sharedScale = new HashMap<>();
    private final Map<String, Range> scaleRanges = new HashMap<>();
    private final Map<String, String> dequantized = new HashMap<>();
    private final Map<String, Activation> activations = new HashMap<>();

    /** The names of the constants of a quantised activation, and its scale. */
    private record Activation(String scaleName, String zeroName, float scale) {}

    private QuantizedNetwork(OnnxGraph source, ActivationRanges ranges) {
        this.source = source;
        this.ranges = ranges;
        target = new OnnxGraph(source.name());
    }

    /** Quantises a network. */
    static OnnxGraph of(OnnxGraph folded, ActivationRanges ranges) {
        QuantizedNetwork network = new QuantizedNetwork(folded, ranges);
        network.shareScales();
        folded.nodes().forEach(network::add);
        return network.target;
    }

    /** Joining values of different scales would need another rounding. */
    private void shareScales() {
        Map<String, NodeProto> producers = new HashMap<>();
        source.nodes().forEach(node -> producers.put(node.getName(), node));
        for (NodeProto node : source.nodes()) {
            if (node.getOpType().equals("MaxPool")) {
                share(node.getInput(0), node.getName());
            } else if (node.getOpType().equals("Concat")) {
                for (String input : node.getInputList()) {
                    NodeProto producer = producers.get(input);
                    // A value without negative numbers keeps a scale of its own, which makes the ReLU before it free.
                    if (producer != null
                            && Set.of("Conv", "Concat").contains(producer.getOpType())
                            && ranges.of(input).min() < 0) {
                        share(input, node.getName());
                    }
                }
            }
        }
        producers.keySet().forEach(value -> scaleRanges.merge(root(value), ranges.of(value), Range::union));
    }

    private void share(String first, String second) {
        if (!root(first).equals(root(second))) {
            sharedScale.put(root(first), root(second));
        }
    }

    private String root(String value) {
        String root = value;
        while (sharedScale.containsKey(root)) {
            root = sharedScale.get(root);
        }
        return root;
    }

    private Activation activation(String value) {
        return activations.computeIfAbsent(root(value), root -> {
            Range range = scaleRanges.getOrDefault(root, ranges.of(root));
            float scale = (float) Math.max((range.max() - range.min()) / (double) LEVELS, SMALLEST_SCALE);
            int zero = (int) Math.max(0, Math.min(LEVELS, Math.rint(-range.min() / (double) scale)));
            return new Activation(
                    target.float32(root + ".scale", List.of(), scale),
                    target.uint8(root + ".zero_point", (byte) zero),
                    scale);
        });
    }

    /** The name of a value after quantisation and back. */
    private String quantized(String value) {
        return dequantized.computeIfAbsent(value, name -> {
            Activation activation = activation(name);
            String levels = target.node(
                    "QuantizeLinear", name + ".quantized", List.of(name, activation.scaleName, activation.zeroName));
            return target.node(
                    "DequantizeLinear",
                    name + ".dequantized",
                    List.of(levels, activation.scaleName, activation.zeroName));
        });
    }

    private void add(NodeProto node) {
        String type = node.getOpType();
        List<String> inputs;
        if (type.equals("Conv") || type.equals("Gemm")) {
            inputs = weighted(node);
        } else {
            inputs = node.getInputList().stream()
                    .map(name -> {
                        target.copyTensor(source, name);
                        return QUANTIZED.contains(type) ? quantized(name) : name;
                    })
                    .toList();
        }
        target.node(type, node.getName(), inputs, node.getAttributeList().toArray(AttributeProto[]::new));
    }

    /** Input, weight and bias of a convolution or linear layer, all quantised. */
    private List<String> weighted(NodeProto node) {
        String input = quantized(node.getInput(0));
        double inputScale = activation(node.getInput(0)).scale;
        String weight = node.getInput(1);
        float[] weights = source.floats(weight);
        int channels = Math.toIntExact(source.shape(weight).get(0));
        int perChannel = weights.length / channels;
        float[] biases = node.getInputCount() > 2 ? source.floats(node.getInput(2)) : new float[0];
        float[] scales = new float[channels];
        byte[] levels = new byte[weights.length];
        for (int c = 0; c < channels; c++) {
            double largest = SMALLEST_SCALE;
            for (int i = c * perChannel; i < (c + 1) * perChannel; i++) {
                largest = Math.max(largest, Math.abs(weights[i]));
            }
            double bias = biases.length > 0 ? Math.abs(biases[c]) : 0;
            scales[c] = (float) Math.max(largest / MAX_WEIGHT, bias / inputScale / MAX_BIAS);
            for (int i = c * perChannel; i < (c + 1) * perChannel; i++) {
                double level = Math.rint(weights[i] / (double) scales[c]);
                levels[i] = (byte) Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, level));
            }
        }
        List<String> inputs = new ArrayList<>();
        inputs.add(input);
        inputs.add(perChannel(weight, scales, target.int8(weight, source.shape(weight), levels)));
        if (biases.length > 0) {
            float[] biasScales = new float[channels];
            int[] biasLevels = new int[channels];
            for (int c = 0; c < channels; c++) {
                biasScales[c] = (float) (scales[c] * inputScale);
                biasLevels[c] = (int) Math.rint(biases[c] / (double) biasScales[c]);
            }
            String bias = node.getInput(2);
            inputs.add(perChannel(bias, biasScales, target.int32(bias, biasLevels)));
        }
        return inputs;
    }

    private String perChannel(String name, float[] scales, String levels) {
        String scale = target.float32(name + ".scale", List.of((long) scales.length), scales);
        return target.node("DequantizeLinear", name + ".dequantized", List.of(levels, scale), attribute("axis", 0));
    }
}
