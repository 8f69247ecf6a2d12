package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Flow.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A diagram of a network. The left column shows the whole network with one box per stage, the right column shows every
 * layer of one block. The diagram is drawn from the recorded steps of a forward pass, so it always matches the
 * computation.
 *
 * @param title name of the architecture
 * @param imageSize height and width of the input in pixels
 * @param params number of parameters
 * @param macs multiply-accumulate operations per image
 * @param steps steps of the forward pass of one image; the last step is the network itself
 */
public record Diagram(String title, int imageSize, long params, long macs, List<Step> steps) {
    /** Width in pixels. */
    public static final int WIDTH = 1200;

    private static final double COLUMN = 550;
    private static final double TOP = 124;

    /** Copies the list, which must end with the network itself. */
    public Diagram {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.get(steps.size() - 1).inside() != steps.size() - 1) {
            throw new IllegalArgumentException("the last step must be the network that contains all other steps");
        }
    }

    /** The diagram as an SVG document. */
    public String svg() {
        return draw(Svg.FONTS).toString();
    }

    /** The diagram as a PNG file at twice the size. */
    public byte[] png() {
        Svg svg = draw(Raster.fontFor(title));
        return Raster.png(svg.toString(), WIDTH * 2, svg.height() * 2);
    }

    private Svg draw(String fonts) {
        StepTree tree = new StepTree(steps, 3);
        int block = detailed(tree);
        String image = "3 \u00d7 " + imageSize + " \u00d7 " + imageSize;
        FlowDrawing overview = new FlowDrawing(Flow.overview(tree, image), 40, TOP, COLUMN);
        FlowDrawing detail =
                new FlowDrawing(Flow.detail(tree, block, sizeOf(tree.input(block), image)), 640, TOP, COLUMN);
        int height = (int) Math.ceil(Math.max(overview.bottom(), detail.bottom())) + 96;
        Svg svg = new Svg(WIDTH, height, title + ": " + facts(), fonts);
        svg.bold(WIDTH / 2.0, 36, 21, "middle", FlowDrawing.INK, title);
        svg.text(WIDTH / 2.0, 62, 14, "middle", FlowDrawing.INK, facts());
        svg.bold(40 + (COLUMN - 110) / 2, 104, 16, "middle", FlowDrawing.INK, "The network");
        Step shown = tree.get(block);
        svg.bold(
                640 + (COLUMN - 110) / 2,
                104,
                16,
                "middle",
                FlowDrawing.INK,
                "Inside " + (shown.path().isEmpty() ? "" : shown.path() + ": ") + shown.type());
        overview.draw(svg);
        detail.draw(svg);
        legend(svg, height - 58);
        return svg;
    }

    /** A summary of the network, for the subtitle and the alternative text of the diagram. */
    public String facts() {
        return String.format(
                Locale.ROOT,
                "%,d parameters, %s multiply-accumulates per image; %s, %s, %s",
                params,
                macs < 1e9
                        ? String.format(Locale.ROOT, "%.1f million", macs / 1e6)
                        : String.format(Locale.ROOT, "%,.2f billion", macs / 1e9),
                count(
                        "convolution",
                        steps.stream().filter(s -> s.type().startsWith("Conv")).count()),
                count(
                        "concatenation",
                        steps.stream().filter(s -> s.text().equals(Step.CONCAT)).count()),
                count(
                        "residual addition",
                        steps.stream().filter(s -> s.text().equals(Step.ADD)).count()));
    }

    private static String count(String what, long n) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    /** The first stage with a concatenation or addition, otherwise the largest stage. */
    private static int detailed(StepTree tree) {
        List<Integer> stages = new ArrayList<>();
        for (int item : Flow.opened(tree, tree.root())) {
            if (tree.get(item).isGroup()) {
                stages.add(item);
            }
        }
        return stages.stream()
                .filter(tree::hasJoin)
                .findFirst()
                .or(() -> stages.stream()
                        .reduce((a, b) -> tree.get(b).inside() > tree.get(a).inside() ? b : a))
                .orElse(tree.root());
    }

    private String sizeOf(int value, String image) {
        return steps.stream()
                .filter(step -> !step.isGroup()
                        && step.output() == value
                        && !step.inputs().isEmpty())
                .map(Step::size)
                .findFirst()
                .orElse(image);
    }

    private static void legend(Svg svg, double y) {
        List<Kind> kinds = List.of(Kind.LAYERS, Kind.BLOCK, Kind.HEAD);
        List<String> names = List.of("layers", "block with concat or add", "head");
        double x = 40;
        for (int i = 0; i < kinds.size(); i++) {
            svg.box(x, y, 26, 16, 4, FlowDrawing.fill(kinds.get(i)), "#444444");
            svg.text(x + 34, y + 13, 13.5, "start", FlowDrawing.INK, names.get(i));
            x += 56 + Raster.width(names.get(i), 13.5, false) * 1.1;
        }
        x = 640;
        svg.arrow(FlowDrawing.KEPT, 2, false, x, y + 8, x + 44, y + 8);
        svg.text(x + 54, y + 13, 13.5, "start", FlowDrawing.INK, "concatenated");
        svg.arrow(FlowDrawing.ADDED, 2, true, x + 260, y + 8, x + 304, y + 8);
        svg.text(x + 314, y + 13, 13.5, "start", FlowDrawing.INK, "added");
        svg.text(
                40,
                y + 42,
                13.5,
                "start",
                "#555555",
                "Sizes: channels \u00d7 height \u00d7 width of a box's output, for one image. Convolutions: input"
                        + " channels \u2192 output channels.");
    }

    /**
     * One step of a network: a layer, a function or a group of steps. Steps are in the order of computation. A group
     * follows the steps inside it.
     *
     * @param type class name of the layer or group, or name of the function
     * @param path dotted path of the layer or group; "" for a function and for the network
     * @param text text in the box, without channels, for example "Conv 3x3, stride 2"
     * @param inside number of preceding steps inside a group; 0 for a layer or function
     * @param inputs numbers of the values that the step reads; value 0 is the image; empty for a group
     * @param output number of the value that the step computes
     * @param shape shape of the output, [N, C, H, W] or [N, C]
     */
    public record Step(
            String type, String path, String text, int inside, List<Integer> inputs, int output, List<Long> shape) {
        /** The text of a step that concatenates channels. */
        public static final String CONCAT = "concat";
        /** The text of a step that adds values. */
        public static final String ADD = "add";

        /** Copies the lists and checks the values. */
        public Step {
            inputs = List.copyOf(inputs);
            shape = List.copyOf(shape);
            if (inside < 0 || shape.size() < 2) {
                throw new IllegalArgumentException(
                        type + ": inside must be 0 or more and shape [N, C, ...], got " + inside + " and " + shape);
            }
        }

        boolean isGroup() {
            return inside > 0;
        }

        boolean isJoin() {
            return text.equals(CONCAT) || text.equals(ADD);
        }

        /** Display text of channels, height and width, or of the length of a vector. */
        String size() {
            return String.join(
                    " \u00d7 ",
                    shape.subList(1, shape.size()).stream().map(String::valueOf).toList());
        }
    }
}
