package io.github.resdensenet.engine;

import io.github.resdensenet.engine.Network.Addition;
import io.github.resdensenet.engine.Network.Concatenation;
import io.github.resdensenet.engine.Network.Convolution;
import io.github.resdensenet.engine.Network.Node;
import io.github.resdensenet.engine.Network.Normalization;
import io.github.resdensenet.engine.Network.Padding;
import io.github.resdensenet.engine.Network.Part;
import io.github.resdensenet.engine.Network.Pooling;
import io.github.resdensenet.engine.Quantization.Range;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.dnnl.memory;

/**
 * The number format of each value of a network in 8 bits.
 *
 * <p>Values that a concatenation, an addition or a pooling ties together form a group and share a format, so that these
 * operations need no rounding. A group has 8 bits if an 8-bit operation reads it. If only normalisations read it, each
 * channel has a scale and an offset of its own, which the normalisations undo at no cost.
 */
final class QuantizedFormats {
    private static final float LEVELS = 255;
    private static final float LOWEST = -128;
    private static final float HIGHEST = 127;

    /** The smallest scale relative to the largest absolute value: below it, float32 could not hold the offset. */
    private static final float FINEST = 1f / (1 << 15);

    private static final float SMALLEST_SCALE = 1e-12f;

    /**
     * How a value is stored: {@code stored = real / scale + offset}, rounded and saturated in 8 bits.
     *
     * @param type type of the elements in memory
     * @param scale one per channel
     * @param offset one per channel
     */
    record Format(memory.data_type type, float[] scale, float[] offset) {
        boolean is8Bit() {
            return type == memory.data_type.s8 || type == memory.data_type.u8;
        }

        /** Whether 0 is the smallest number of the format in every channel, so that saturation does a ReLU's work. */
        boolean saturatesAtZero() {
            float smallest = type == memory.data_type.s8 ? LOWEST : 0;
            return is8Bit() && IntStream.range(0, offset.length).allMatch(c -> offset[c] == smallest);
        }
    }

    private final Network network;
    private final Quantization quantization;
    private final memory.data_type floatType;
    private final Map<Integer, Integer> firstChannel = new HashMap<>();
    private final Ties channels;
    private final Ties groups;
    private final Set<Integer> in8Bits = new HashSet<>();
    private final Set<Node> partsOfConvolutions = new HashSet<>();
    private final Map<Integer, Format> formats = new HashMap<>();

    /** Sets of numbers that are joined one pair at a time. */
    private static final class Ties {
        private final int[] parent;

        Ties(int count) {
            parent = IntStream.range(0, count).toArray();
        }

        int root(int number) {
            int at = number;
            while (parent[at] != at) {
                parent[at] = parent[parent[at]];
                at = parent[at];
            }
            return at;
        }

        void join(int a, int b) {
            parent[root(a)] = root(b);
        }
    }

    QuantizedFormats(Network network, Quantization quantization, memory.data_type floatType) {
        this.network = network;
        this.quantization = quantization;
        this.floatType = floatType;
        int count = 0;
        for (int value : network.shapes().keySet()) {
            firstChannel.put(value, count);
            count += network.shape(value).channels();
        }
        channels = new Ties(count);
        groups = new Ties(
                network.shapes().keySet().stream().mapToInt(i -> i + 1).max().orElse(0));
        for (Node node : network.nodes()) {
            tie(node);
            if (node instanceof Convolution c) {
                Stream.of(network.normalizationAfter(c), network.additionAfter(c))
                        .filter(Objects::nonNull)
                        .forEach(partsOfConvolutions::add);
            }
        }
        int marked = -1;
        while (marked < in8Bits.size()) {
            marked = in8Bits.size();
            network.nodes().forEach(this::mark);
        }
    }

    /** Whether a convolution computes with 8-bit inputs and weights. */
    boolean in8Bits(Convolution c) {
        return c.output() != network.output() && !quantization.floatLayers().contains(c.name());
    }

    Format of(int value) {
        return formats.computeIfAbsent(value, this::format);
    }

    private void tie(Node node) {
        if (node instanceof Concatenation c) {
            for (Part part : network.parts(c)) {
                tie(part.value(), c.output(), part.firstChannel());
            }
        } else if (node instanceof Addition || node instanceof Pooling || node instanceof Padding) {
            node.inputs().forEach(input -> tie(input, node.output(), 0));
        }
    }

    private void tie(int part, int whole, int first) {
        groups.join(part, whole);
        for (int c = 0; c < network.shape(part).channels(); c++) {
            channels.join(channel(part, c), channel(whole, first + c));
        }
    }

    private int channel(int value, int c) {
        return Objects.requireNonNull(firstChannel.get(value)) + c;
    }

    /** Marks the groups that 8-bit operations read. */
    private void mark(Node node) {
        int input = node.inputs().get(0);
        if (node instanceof Convolution c ? in8Bits(c) : node instanceof Normalization && isIn8Bits(node.output())) {
            in8Bits.add(groups.root(input));
        }
    }

    private boolean isIn8Bits(int value) {
        return in8Bits.contains(groups.root(value));
    }

    private Format format(int value) {
        if (!isIn8Bits(value)) {
            float[] scale = new float[network.shape(value).channels()];
            Arrays.fill(scale, 1);
            return new Format(floatType(value), scale, new float[scale.length]);
        }
        Set<Integer> group = network.shapes().keySet().stream()
                .filter(other -> groups.root(other) == groups.root(value))
                .collect(Collectors.toSet());
        List<Node> readers = network.nodes().stream()
                .filter(node -> node.inputs().stream().anyMatch(group::contains))
                .toList();
        List<Node> producers = network.nodes().stream()
                .filter(node -> group.contains(node.output()))
                .toList();
        return readers.stream().anyMatch(Convolution.class::isInstance)
                ? uniform(value, group, readers, producers)
                : perChannel(value, group, readers);
    }

    /** The format of a value outside 8 bits: float32 for the logits and the last features. */
    private memory.data_type floatType(int value) {
        int last = network.nodes().get(network.nodes().size() - 1).inputs().get(0);
        return groups.root(value) == groups.root(last) || value == network.output() ? OneDnn.F32 : floatType;
    }

    /** One scale for all channels, for the input of a convolution. */
    private Format uniform(int value, Set<Integer> group, List<Node> readers, List<Node> producers) {
        float limit = SMALLEST_SCALE;
        boolean signed = false;
        for (int member : group) {
            Range range = Objects.requireNonNull(quantization.ranges().get(member));
            limit = Math.max(limit, range.limit());
            for (float low : range.low()) {
                signed |= low < 0;
            }
        }
        // oneDNN normalises only signed numbers
        boolean normalized = Stream.concat(producers.stream(), readers.stream())
                .anyMatch(n -> n instanceof Normalization && !partsOfConvolutions.contains(n));
        boolean bordered =
                readers.stream().anyMatch(n -> n instanceof Padding || (n instanceof Convolution c && c.padding() > 0));
        boolean shifted = !signed && normalized && !bordered;
        float[] scale = new float[network.shape(value).channels()];
        float[] offset = new float[scale.length];
        Arrays.fill(scale, limit / (signed || (normalized && !shifted) ? HIGHEST : LEVELS));
        Arrays.fill(offset, shifted ? LOWEST : 0);
        memory.data_type type = signed || normalized ? memory.data_type.s8 : memory.data_type.u8;
        return new Format(type, scale, offset);
    }

    private Format perChannel(int value, Set<Integer> group, List<Node> readers) {
        int count = network.shape(value).channels();
        // the border of a padded value is 0, and an addition of its own would add both offsets
        boolean symmetric = readers.stream()
                .anyMatch(n -> n instanceof Padding || (n instanceof Addition && !partsOfConvolutions.contains(n)));
        float[] low = new float[count];
        float[] high = new float[count];
        Arrays.fill(low, Float.POSITIVE_INFINITY);
        Arrays.fill(high, Float.NEGATIVE_INFINITY);
        Map<Integer, Integer> channelOf = new HashMap<>();
        for (int c = 0; c < count; c++) {
            channelOf.put(channels.root(channel(value, c)), c);
        }
        for (int member : group) {
            Range range = Objects.requireNonNull(quantization.ranges().get(member));
            for (int k = 0; k < range.low().length; k++) {
                Integer c = channelOf.get(channels.root(channel(member, k)));
                if (c != null) {
                    low[c] = Math.min(low[c], range.low()[k]);
                    high[c] = Math.max(high[c], range.high()[k]);
                }
            }
        }
        float[] scale = new float[count];
        float[] offset = new float[count];
        for (int c = 0; c < count; c++) {
            float largest = Math.max(Math.abs(low[c]), Math.abs(high[c]));
            float exact = symmetric ? largest / HIGHEST : (high[c] - low[c]) / LEVELS;
            scale[c] = Math.max(exact, Math.max(largest * FINEST, SMALLEST_SCALE));
            offset[c] = symmetric ? 0 : LOWEST - low[c] / scale[c];
        }
        return new Format(memory.data_type.s8, scale, offset);
    }
}
