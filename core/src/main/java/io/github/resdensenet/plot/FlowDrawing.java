package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Flow.Kind;
import io.github.resdensenet.plot.Flow.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Draws a {@link Flow} as a column of boxes. Straight arrows connect consecutive boxes. Shortcuts past other boxes use
 * lanes on the right.
 */
final class FlowDrawing {
    static final String ADDED = "#c62828";
    static final String KEPT = "#1565c0";
    static final String INK = "#222222";

    private static final String ARROW = " \u2192 ";
    private static final double TEXT = 13.5;
    private static final double LINE = 19;
    private static final double GAP = 28;
    private static final double JOIN_HEIGHT = 32;
    private static final double LANES = 110;

    /** A box with its position. */
    private record Placed(Node node, List<String> lines, double top, double height) {}

    /** A shortcut past other boxes, from one box to a lower one. */
    private record Skip(int from, int to) {
        int length() {
            return to - from;
        }
    }

    private final List<Placed> boxes = new ArrayList<>();
    private final List<Skip> skips = new ArrayList<>();
    private final List<Integer> lanes = new ArrayList<>();
    private final double left;
    private final double width;
    private final double bottom;

    /** Places the boxes of a flow. The width includes the lanes. */
    FlowDrawing(Flow flow, double left, double top, double width) {
        this.left = left;
        this.width = width - LANES;
        double y = top;
        for (Node node : flow.nodes()) {
            List<String> lines = new ArrayList<>();
            node.lines().forEach(line -> lines.addAll(wrapped(line, this.width - 24)));
            int count = (node.title().isEmpty() ? 0 : 1)
                    + lines.size()
                    + (node.lines().isEmpty() ? 0 : 1);
            double height = isJoin(node) || node.lines().isEmpty() ? JOIN_HEIGHT : count * LINE + 14;
            boxes.add(new Placed(node, lines, y, height));
            y += height + GAP;
        }
        bottom = y - GAP;
        for (int to = 0; to < boxes.size(); to++) {
            for (int from : boxes.get(to).node().inputs()) {
                if (from < to - 1) {
                    skips.add(new Skip(from, to));
                }
            }
        }
        skips.sort(Comparator.comparingInt(Skip::length).thenComparingInt(Skip::from));
        for (Skip skip : skips) {
            lanes.add(freeLane(skip));
        }
    }

    private static boolean isJoin(Node node) {
        return node.kind() == Kind.CONCAT || node.kind() == Kind.ADD;
    }

    /** The innermost lane that is free over the height of a shortcut. */
    private int freeLane(Skip skip) {
        int lane = 0;
        boolean moved = true;
        while (moved) {
            moved = false;
            for (int i = 0; i < lanes.size(); i++) {
                Skip other = skips.get(i);
                if (lanes.get(i) == lane && other.from() < skip.to() && skip.from() < other.to()) {
                    lane++;
                    moved = true;
                }
            }
        }
        return lane;
    }

    private static List<String> wrapped(String line, double width) {
        List<String> lines = new ArrayList<>();
        String current = "";
        for (String piece : line.split(ARROW, -1)) {
            String longer = current.isEmpty() ? piece : current + ARROW + piece;
            if (!current.isEmpty() && Raster.width(longer, TEXT, false) * 1.08 > width) {
                lines.add(current + " \u2192");
                current = piece;
            } else {
                current = longer;
            }
        }
        lines.add(current);
        return lines;
    }

    /** The y coordinate of the lower edge of the last box. */
    double bottom() {
        return bottom;
    }

    void draw(Svg svg) {
        for (int to = 1; to < boxes.size(); to++) {
            if (boxes.get(to).node().inputs().contains(to - 1)) {
                Placed above = boxes.get(to - 1);
                double x = left + width / 2;
                svg.arrow(
                        "#555555",
                        1.6,
                        false,
                        x,
                        above.top() + above.height(),
                        x,
                        boxes.get(to).top());
            }
        }
        int count = lanes.stream().mapToInt(lane -> lane + 1).max().orElse(1);
        double spacing = Math.min(24, (LANES - 24) / count);
        for (int i = 0; i < skips.size(); i++) {
            Skip skip = skips.get(i);
            double lane = left + width + 24 + spacing * lanes.get(i);
            double right = left + width;
            double start = port(skip, true);
            double end = port(skip, false);
            Kind reader = boxes.get(skip.to()).node().kind();
            String color = reader == Kind.ADD ? ADDED : reader == Kind.CONCAT ? KEPT : "#555555";
            svg.arrow(color, 2, reader == Kind.ADD, right, start, lane, start, lane, end, right, end);
        }
        boxes.forEach(box -> draw(svg, box));
    }

    /**
     * The y coordinate at which a shortcut leaves or enters a box. Entering shortcuts come first, from inner to outer
     * lanes, then leaving shortcuts, from outer to inner lanes. So the lines of a box do not cross.
     */
    private double port(Skip skip, boolean leaving) {
        int at = leaving ? skip.from() : skip.to();
        List<Integer> entering = new ArrayList<>();
        List<Integer> exiting = new ArrayList<>();
        for (int i = 0; i < skips.size(); i++) {
            if (skips.get(i).to() == at) {
                entering.add(lanes.get(i));
            }
            if (skips.get(i).from() == at) {
                exiting.add(lanes.get(i));
            }
        }
        entering.sort(Comparator.naturalOrder());
        exiting.sort(Comparator.reverseOrder());
        int lane = lanes.get(skips.indexOf(skip));
        int place = leaving ? entering.size() + exiting.indexOf(lane) : entering.indexOf(lane);
        int places = entering.size() + exiting.size();
        Placed box = boxes.get(at);
        double spacing = Math.min(10, (box.height() - 10) / places);
        return box.top() + box.height() / 2 + (place - (places - 1) / 2.0) * spacing;
    }

    private void draw(Svg svg, Placed box) {
        Node node = box.node();
        double middle = left + width / 2;
        boolean join = isJoin(node);
        String ink = node.kind() == Kind.ADD ? ADDED : node.kind() == Kind.CONCAT ? KEPT : INK;
        String edge = join ? ink : "#444444";
        svg.box(left, box.top(), width, box.height(), join ? box.height() / 2 : 8, fill(node.kind()), edge);
        if (node.lines().isEmpty()) {
            String text = node.title() + (join ? ARROW : ": ") + node.size();
            svg.bold(middle, box.top() + box.height() / 2 + 5, TEXT, "middle", ink, text);
            return;
        }
        double y = box.top() + LINE + 2;
        if (!node.title().isEmpty()) {
            svg.bold(middle, y, TEXT, "middle", INK, node.title());
            y += LINE;
        }
        for (String line : box.lines()) {
            svg.text(middle, y, TEXT, "middle", INK, line);
            y += LINE;
        }
        svg.bold(middle, y, TEXT, "middle", "#37474f", node.size());
    }

    static String fill(Kind kind) {
        return switch (kind) {
            case INPUT, OUTPUT -> "#d6e9f8";
            case LAYERS -> "#fff3cd";
            case BLOCK -> "#d5ecd6";
            case HEAD -> "#fbd9dc";
            case CONCAT, ADD -> "#ffffff";
        };
    }
}
