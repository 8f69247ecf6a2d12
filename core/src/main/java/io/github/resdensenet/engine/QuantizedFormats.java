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
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.memory;

/**
 * The number format of each value of a network in 8 bits.
 *
 * <p>Values that a concatenation, an addition or a pooling ties together form a group and share a format, so that these
 * operations need no conversion. A group has 8 bits if an 8-bit operation reads it. If only normalisations read it, each
 * channel has a scale and an offset of its own, which the normalisations undo at no cost.
 */
final class QuantizedFormats {
    private static final float LEVELS = 255;
    private static final float LOWEST = -128;
    private static final float HIGHEST = 127;

    /** The smallest scale relative to the largest absolute value: below it, float32 could not hold the offset. */
    private static final float FINEST = 1f / (1 << 15);

    /** How much the range of a channel is widened on each side, relative to its width, for images with other values. */
    private static final float MARGIN = 0.25f;

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
            return is8Bit() && isEachOffset(smallest);
        }

        boolean hasOffset() {
            return !isEachOffset(0);
        }

        private boolean isEachOffset(float number) {
            return IntStream.range(0, offset.length).allMatch(c -> offset[c] == number);
        }
    }

    private final Network network;
    private final Quantization quantization;
    private final memory.data_type floatType;
    private final Map<Integer, Integer> firstChannel = new HashMap<>();
    private final Ties channels;
    private final Ties groups;
    private final Set<Integer> in8Bits = new HashSet<>();
    private final Map<Integer, Group> descriptions = new HashMap<>();
    private final float[] low;
    private final float[] high;
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

    /** What reads and computes the values of a group, and what their elements are. */
    private static final class Group {
        private boolean convolved;
        private boolean normalized;
        private boolean bordered;
        private boolean added;
        private boolean signed;
        private float limit = SMALLEST_SCALE;
    }

    QuantizedFormats(Network network, Quantization quantization, memory.data_type floatType) {
        this.network = network;
        this.quantization = quantization;
        this.floatType = floatType;
        int count = 0;
        int values = 0;
        for (int value : network.shapes().keySet()) {
            firstChannel.put(value, count);
            count += network.shape(value).channels();
            values = Math.max(values, value + 1);
        }
        channels = new Ties(count);
        groups = new Ties(values);
        low = new float[count];
        high = new float[count];
        // by identity: the first hash code of a record takes longer than all the rest here
        Set<Node> partsOfConvolutions = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Node node : network.nodes()) {
            tie(node);
            if (node instanceof Convolution c) {
                partsOfConvolutions.add(network.normalizationAfter(c));
                partsOfConvolutions.add(network.additionAfter(c));
            }
        }
        for (Node node : network.nodes()) {
            describe(node, !partsOfConvolutions.contains(node));
        }
        mergeRanges();
        int marked = -1;
        while (marked < in8Bits.size()) {
            marked = in8Bits.size();
            network.nodes().forEach(this::mark);
        }
    }

    private void describe(Node node, boolean separate) {
        Group from = group(node.inputs().get(0));
        if (node instanceof Convolution c) {
            from.convolved = true;
            from.bordered |= c.padding() > 0;
        } else if (node instanceof Normalization && separate) {
            from.normalized = true;
            group(node.output()).normalized = true;
        } else if (node instanceof Padding) {
            from.bordered = true;
        } else if (node instanceof Addition && separate) {
            from.added = true;
        }
    }

    private Group group(int value) {
        return descriptions.computeIfAbsent(groups.root(value), root -> new Group());
    }

    /** Merges the ranges of tied values: per channel, and per group. */
    private void mergeRanges() {
        Arrays.fill(low, Float.POSITIVE_INFINITY);
        Arrays.fill(high, Float.NEGATIVE_INFINITY);
        for (int value : network.shapes().keySet()) {
            Range range = Objects.requireNonNull(quantization.ranges().get(value));
            Group group = group(value);
            group.limit = Math.max(group.limit, range.limit());
            int first = firstChannel(value);
            for (int c = 0; c < range.low().length; c++) {
                int root = channels.root(first + c);
                low[root] = Math.min(low[root], range.low()[c]);
                high[root] = Math.max(high[root], range.high()[c]);
                group.signed |= range.low()[c] < 0;
            }
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
        int from = firstChannel(part);
        int to = firstChannel(whole) + first;
        int count = network.shape(part).channels();
        for (int c = 0; c < count; c++) {
            channels.join(from + c, to + c);
        }
    }

    private int firstChannel(int value) {
        return Objects.requireNonNull(firstChannel.get(value));
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
        Group group = group(value);
        return group.convolved ? uniform(value, group) : perChannel(value, group);
    }

    /** The format of a value outside 8 bits: float32 for the logits and the last features. */
    private memory.data_type floatType(int value) {
        int last = network.nodes().get(network.nodes().size() - 1).inputs().get(0);
        return groups.root(value) == groups.root(last) || value == network.output() ? OneDnn.F32 : floatType;
    }

    /** One scale for all channels, for the input of a convolution. */
    private Format uniform(int value, Group group) {
        // oneDNN normalises only signed numbers; an addition of its own would add both offsets
        boolean shifted = !group.signed && group.normalized && !group.bordered && !group.added;
        boolean halved = group.signed || (group.normalized && !shifted);
        float[] scale = new float[network.shape(value).channels()];
        float[] offset = new float[scale.length];
        Arrays.fill(scale, group.limit / (halved ? HIGHEST : LEVELS));
        Arrays.fill(offset, shifted ? LOWEST : 0);
        return new Format(halved || shifted ? memory.data_type.s8 : memory.data_type.u8, scale, offset);
    }

    private Format perChannel(int value, Group group) {
        boolean symmetric = group.bordered || group.added; // a border is 0
        float[] scale = new float[network.shape(value).channels()];
        float[] offset = new float[scale.length];
        int first = firstChannel(value);
        for (int c = 0; c < scale.length; c++) {
            int root = channels.root(first + c);
            float margin = MARGIN * (high[root] - low[root]);
            float highest = high[root] + margin;
            float lowest = low[root] < 0 ? low[root] - margin : Math.max(0, low[root] - margin);
            float largest = Math.max(Math.abs(lowest), Math.abs(highest));
            float exact = symmetric ? largest / HIGHEST : (highest - lowest) / LEVELS;
            scale[c] = Math.max(exact, Math.max(largest * FINEST, SMALLEST_SCALE));
            offset[c] = symmetric ? 0 : LOWEST - lowest / scale[c];
        }
        return new Format(memory.data_type.s8, scale, offset);
    }
}
