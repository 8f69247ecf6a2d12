package io.github.resdensenet.report;

import java.util.ArrayList;
import java.util.List;

/**
 * One picture beside the same with its attribution map in colours, a legend, and, where it was checked, the curves of
 * deletion and insertion.
 *
 * @param title first line, in any script
 * @param caption second line
 * @param picture a square PNG file
 * @param overlay the same with the map's colours, a PNG file
 * @param curves none, or deletion and insertion
 * @param verdict last lines; may be empty
 */
public record AttributionFigure(
        String title, String caption, byte[] picture, byte[] overlay, List<Curve> curves, String verdict) {
    private static final String INK = "#222222";
    private static final String FAINT = "#dddddd";
    private static final double TOP = 84;
    private static final double SIDE = 320;

    /**
     * A class's probability while squares of the picture are hidden or shown.
     *
     * @param name what is done
     * @param color of the map's line, as #rrggbb
     * @param faint color of the random lines
     * @param map in the map's order, from none of the squares to all, values 0 to 1
     * @param random in random orders
     */
    public record Curve(String name, String color, String faint, List<Double> map, List<List<Double>> random) {
        /** Keeps its own lists. */
        public Curve {
            map = List.copyOf(map);
            random = random.stream().map(List::copyOf).toList();
        }

        /** Hiding the most marked first. */
        public static Curve deletion(List<Double> map, List<List<Double>> random) {
            return new Curve("hidden", "#1f77b4", "#bcd7ea", map, random);
        }

        /** Showing the most marked first. */
        public static Curve insertion(List<Double> map, List<List<Double>> random) {
            return new Curve("shown", "#d95f02", "#f6d0b0", map, random);
        }
    }

    /** Keeps its own list. */
    public AttributionFigure {
        curves = List.copyOf(curves);
    }

    /** Width in pixels. */
    public int width() {
        return curves.isEmpty() ? 760 : 1200;
    }

    /** Height in pixels. */
    public int height() {
        return 430 + 22 * lines().size();
    }

    /** The figure as an SVG document. */
    public String svg() {
        return svg(Svg.FONTS);
    }

    /** The figure as a PNG file. */
    public byte[] png() {
        return Raster.png(svg(Raster.fontFor(title + caption + verdict)), width(), height());
    }

    private String svg(String fonts) {
        Svg svg = new Svg(width(), height(), title + ". " + caption, fonts);
        svg.text(24, 34, 19, "start", INK, title);
        svg.text(24, 62, 15, "start", INK, caption);
        svg.image(24, TOP, SIDE, SIDE, picture);
        svg.image(364, TOP, SIDE, SIDE, overlay);
        legend(svg, 700);
        if (!curves.isEmpty()) {
            plot(svg, 830, 340);
        }
        double y = TOP + SIDE + 40;
        for (String line : lines()) {
            svg.text(24, y, 14, "start", INK, line);
            y += 22;
        }
        return svg.toString();
    }

    private static void legend(Svg svg, double left) {
        int steps = 80;
        double step = SIDE / steps;
        for (int i = 0; i < steps; i++) {
            String color = "#%06x".formatted(ColorMap.rgb(1 - (i + 0.5) / steps));
            svg.rect(left, TOP + i * step, 14, step + 0.5, color);
        }
        svg.text(left + 20, TOP + 12, 13, "start", INK, "most");
        svg.text(left + 20, TOP + SIDE - 2, 13, "start", INK, "none");
    }

    private void plot(Svg svg, double left, double width) {
        double height = SIDE - 58;
        double top = TOP + 22;
        svg.text(left, TOP + 8, 14, "start", INK, "Probability while squares are hidden or shown");
        for (int percent = 0; percent <= 100; percent += 25) {
            double at = top + height * (1 - percent / 100.0);
            svg.line(left, at, left + width, at, FAINT, 1);
            svg.text(left - 6, at + 4.5, 12, "end", INK, percent + "%");
            double x = left + width * percent / 100.0;
            svg.text(x, top + height + 18, 12, "middle", INK, percent + "%");
        }
        for (Curve curve : curves) {
            curve.random.forEach(values -> line(svg, values, left, top, width, height, curve.faint));
        }
        double x = left;
        for (Curve curve : curves) {
            line(svg, curve.map, left, top, width, height, curve.color);
            svg.line(x, top + height + 36, x + 20, top + height + 36, curve.color, 2.5);
            svg.text(x + 26, top + height + 40.5, 12.5, "start", INK, curve.name);
            x += 90;
        }
        svg.text(left + width, top + height + 40.5, 12.5, "end", INK, "pale: in random orders");
    }

    private static void line(
            Svg svg, List<Double> values, double left, double top, double width, double height, String color) {
        double[] xs = new double[values.size()];
        double[] ys = new double[values.size()];
        for (int i = 0; i < xs.length; i++) {
            xs[i] = left + width * i / (xs.length - 1);
            ys[i] = top + height * (1 - values.get(i));
        }
        svg.polyline(xs, ys, color, false);
    }

    /** The verdict in lines that fit. */
    private List<String> lines() {
        int longest = width() / 8; // pixels a character, with some to spare
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : verdict.split(" ", -1)) {
            if (line.length() + word.length() > longest) {
                lines.add(line.toString().strip());
                line.setLength(0);
            }
            line.append(word).append(' ');
        }
        if (!line.toString().isBlank()) {
            lines.add(line.toString().strip());
        }
        return lines;
    }
}
