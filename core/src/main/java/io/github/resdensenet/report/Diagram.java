package io.github.resdensenet.report;

import io.github.resdensenet.report.Flow.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The picture of an architecture: on the left the whole network, a box a stage; on the right one block with every layer.
 * All of it is read off the steps that the network takes, so nothing in it can differ from what is computed.
 *
 * @param title the architecture's name
 * @param imageSize height and width of the input in pixels
 * @param params trained values
 * @param macs multiplications of weights and inputs for one image
 * @param steps what the network does with one image, the network itself last
 */
public record Diagram(String title, int imageSize, long params, long macs, List<Step> steps) {
    /** Width of the picture in pixels. */
    public static final int WIDTH = 1200;

    private static final double COLUMN = 550;
    private static final double TOP = 124;

    /** Keeps its own list, which must end with the network itself. */
    public Diagram {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.get(steps.size() - 1).inside() != steps.size() - 1) {
            throw new IllegalArgumentException("the last step must be the network around all others");
        }
    }

    /** The picture as an SVG document. */
    public String svg() {
        return draw(Svg.FONTS).toString();
    }

    /** The picture as a PNG file, twice as large. */
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

    /** What the picture shows, in a sentence: its alternative text. */
    public String facts() {
        return String.format(
                Locale.ROOT,
                "%,d parameters, %s multiply-accumulates an image; %s, %s, %s",
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

    /** The first stage in which values are joined, else the largest. */
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
        List<String> names = List.of("layers", "block with joins inside", "classifier");
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
                "Sizes are channels \u00d7 height \u00d7 width of what leaves a box, for one image; in a convolution"
                        + " channels read \u2192 channels made.");
    }
}
