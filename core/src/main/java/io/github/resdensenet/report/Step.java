package io.github.resdensenet.report;

import java.util.List;

/**
 * One step of a network, in the order in which they are computed; a group stands behind the steps inside it. The last
 * one is the network itself.
 *
 * @param type class name of the layer or group, or name of the function
 * @param path dotted path of the layer or group, "" for a function and for the network
 * @param text what a box says of it, without channels: "Conv 3x3, stride 2"
 * @param inside how many of the steps before a group are inside it; 0 for a layer or function
 * @param inputs the values that it reads, by number; value 0 is the image; empty for a group
 * @param output the value that it makes
 * @param shape that value's shape, [N, C, H, W] or [N, C]
 */
public record Step(
        String type, String path, String text, int inside, List<Integer> inputs, int output, List<Long> shape) {
    /** Text of a step that puts channels side by side. */
    public static final String CONCAT = "concat";
    /** Text of a step that adds values up. */
    public static final String ADD = "add";

    /** Keeps its own lists. */
    public Step {
        inputs = List.copyOf(inputs);
        shape = List.copyOf(shape);
        if (inside < 0 || shape.size() < 2) {
            throw new IllegalArgumentException("a step needs inside >= 0 and a shape [N, C, ...], got " + inside
                    + " and " + shape + " at " + type);
        }
    }

    boolean isGroup() {
        return inside > 0;
    }

    boolean isJoin() {
        return text.equals(CONCAT) || text.equals(ADD);
    }

    /** Channels, height and width in print; a vector's length. */
    String size() {
        return String.join(
                " \u00d7 ",
                shape.subList(1, shape.size()).stream().map(String::valueOf).toList());
    }
}
