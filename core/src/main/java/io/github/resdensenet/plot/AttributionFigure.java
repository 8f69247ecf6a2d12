package io.github.resdensenet.plot;

import io.github.resdensenet.image.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A figure of an attribution map: the image, the image with the heatmap over it, a colour legend and, optionally, the
 * deletion and insertion curves of the faithfulness check.
 *
 * @param title first line, in any script
 * @param caption second line
 * @param image the image as a square PNG file
 * @param overlay the image with the heatmap over it, as a square PNG file
 * @param curves deletion and insertion curve, or empty
 * @param verdict text below the images; may be empty
 */
public record AttributionFigure(
        String title, String caption, byte[] image, byte[] overlay, List<Curve> curves, String verdict) {
    private static final double LEAST_OPACITY = 0.25;
    private static final double OPACITY_GAIN = 0.45;

    private static final String INK = "#222222";
    private static final String FAINT = "#dddddd";
    private static final double TOP = 84;
    private static final double SIDE = 320;

    /**
     * Probabilities of the class, 0 to 1, while squares of the image are hidden or shown, from none to all squares.
     *
     * @param name name in the legend
     * @param color color of the curve in the order of the map, as #rrggbb
     * @param faint color of the curves in random orders, as #rrggbb
     * @param map probabilities in the order of the map
     * @param random probabilities in random orders, one list per order
     */
    public record Curve(String name, String color, String faint, List<Double> map, List<List<Double>> random) {
        /** Copies the lists. */
        public Curve {
            map = List.copyOf(map);
            random = random.stream().map(List::copyOf).toList();
        }

        /** Deletion: squares are hidden, those with the highest map values first. */
        public static Curve deletion(List<Double> map, List<List<Double>> random) {
            return new Curve("deletion", "#1f77b4", "#bcd7ea", map, random);
        }

        /** Insertion: squares are shown, those with the highest map values first. */
        public static Curve insertion(List<Double> map, List<List<Double>> random) {
            return new Curve("insertion", "#d95f02", "#f6d0b0", map, random);
        }
    }

    /** Copies the list. */
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
        svg.image(24, TOP, SIDE, SIDE, image);
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
            String color = String.format(Locale.ROOT, "#%06x", ColorMap.rgb(1 - (i + 0.5) / steps));
            svg.rect(left, TOP + i * step, 14, step + 0.5, color);
        }
        svg.text(left + 20, TOP + 12, 13, "start", INK, "most");
        svg.text(left + 20, TOP + SIDE - 2, 13, "start", INK, "none");
    }

    private void plot(Svg svg, double left, double width) {
        double height = SIDE - 58;
        double top = TOP + 22;
        svg.text(left, TOP + 8, 14, "start", INK, "Probability during deletion and insertion");
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
        svg.text(left + width, top + height + 40.5, 12.5, "end", INK, "pale: random orders");
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

    /** The verdict, wrapped to the width of the figure. */
    private List<String> lines() {
        int longest = width() / 8; // 8 pixels per character is an upper estimate
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

    /**
     * Draws a heatmap over an image. Larger values are more opaque.
     *
     * @param image image to draw over
     * @param heat one value per pixel, row by row, 0 to 1
     */
    public static RgbImage overlay(RgbImage image, float[] heat) {
        byte[] pixels = image.pixels().clone();
        for (int i = 0; i < heat.length; i++) {
            int color = ColorMap.rgb(heat[i]);
            double opacity = LEAST_OPACITY + OPACITY_GAIN * heat[i];
            for (int c = 0; c < 3; c++) {
                int over = color >> (16 - 8 * c) & 255;
                int under = pixels[3 * i + c] & 255;
                pixels[3 * i + c] = (byte) Math.round(under + (over - under) * opacity);
            }
        }
        return new RgbImage(image.width(), image.height(), pixels);
    }
}
