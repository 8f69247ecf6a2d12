package io.github.resdensenet.engine;

import java.util.Map;
import java.util.Set;

/**
 * What an 8-bit plan must know of a trained network: the range of each value, and the layers that need more than 8 bits.
 *
 * @param ranges the range of every value, by its number in the network
 * @param floatLayers dotted paths of the convolutions that are computed in bfloat16, or float32 without it
 */
public record Quantization(Map<Integer, Range> ranges, Set<String> floatLayers) {
    /** Copies both. */
    public Quantization {
        ranges = Map.copyOf(ranges);
        floatLayers = Set.copyOf(floatLayers);
    }

    /** The same ranges with other layers in bfloat16. */
    public Quantization withFloatLayers(Set<String> layers) {
        return new Quantization(ranges, layers);
    }

    /** Checks that there is a range with as many channels as the value has, for every value. */
    void requireFor(Network network) {
        network.shapes().forEach((value, shape) -> {
            Range range = ranges.get(value);
            if (range == null || range.low.length != shape.channels() || range.high.length != shape.channels()) {
                throw new IllegalArgumentException("quantisation: the range of value " + value + " must have "
                        + shape.channels() + " channels, got " + (range == null ? 0 : range.low.length));
            }
        });
    }

    /**
     * The range of a value. The arrays are not copied.
     *
     * @param low smallest element of each channel
     * @param high largest element of each channel
     * @param limit absolute value above which elements are cut off where all channels share a scale
     */
    public record Range(float[] low, float[] high, float limit) {
        /** Checks that the numbers are finite and in order. */
        public Range {
            if (low.length != high.length || !(limit >= 0 && limit < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "range: low and high must be equally many and limit finite and >= 0, got " + low.length + ", "
                                + high.length + " and " + limit);
            }
            for (int c = 0; c < low.length; c++) {
                if (!(Float.isFinite(low[c]) && Float.isFinite(high[c]) && low[c] <= high[c])) {
                    throw new IllegalArgumentException("range: low and high must be finite and in order, got " + low[c]
                            + " and " + high[c] + " in channel " + c);
                }
            }
        }
    }
}
