package io.github.resdensenet.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/**
 * A chart for the page: SVG whose colors come from the page's style sheet, so that it is light or dark with it. What is at
 * each point stands in an attribute as text; the page's script shows it under the pointer and under the arrow keys.
 */
final class WebChart {
    private static final int WIDTH = 400;
    private static final int HEIGHT = 260;
    private static final double LEFT = 64;
    private static final double RIGHT = 380;
    private static final double TOP = 14;
    private static final double BOTTOM = 214;
    private static final int MOST_DOTS = 40;

    private final String title;
    private final Axis x;
    private final Axis y;
    private final DoubleFunction<String> xLabel;
    private final DoubleFunction<String> yLabel;
    private final String xName;
    private final StringBuilder drawing = new StringBuilder();
    private final StringBuilder legend = new StringBuilder();
    private final List<String> points = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private int series;

    WebChart(String title, String xName, Axis x, DoubleFunction<String> xLabel, Axis y, DoubleFunction<String> yLabel) {
        this.title = title;
        this.xName = xName;
        this.x = x;
        this.xLabel = xLabel;
        this.y = y;
        this.yLabel = yLabel;
    }

    private double atX(double value) {
        return LEFT + (RIGHT - LEFT) * x.share(value);
    }

    private double atY(double value) {
        return BOTTOM - (BOTTOM - TOP) * y.share(value);
    }

    /** A curve with its own color and dash. */
    WebChart curve(String name, List<Double> xs, List<Double> ys) {
        StringBuilder line = new StringBuilder();
        StringBuilder dots = new StringBuilder();
        for (int i = 0; i < xs.size(); i++) {
            String px = number(atX(xs.get(i)));
            String py = number(atY(ys.get(i)));
            line.append(i == 0 ? "" : " ").append(px).append(',').append(py);
            dots.append("<circle class=\"s%d\" cx=\"%s\" cy=\"%s\" r=\"2.5\"/>".formatted(series, px, py));
        }
        drawing.append("<polyline class=\"s%d\" points=\"%s\"/>".formatted(series, line));
        drawing.append(xs.size() <= MOST_DOTS ? dots : "");
        legend.append("<li><svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\">")
                .append("<line class=\"s%d\" x1=\"1\" y1=\"5\" x2=\"27\" y2=\"5\"/></svg><bdi>".formatted(series))
                .append(Svg.escape(name))
                .append("</bdi></li>");
        series++;
        return this;
    }

    /** A place that can be pointed at, with what is said there. */
    WebChart target(double atX, double atY, String text) {
        points.add(number(atX(atX)) + "," + number(atY(atY)));
        texts.add(Svg.escape(text));
        return this;
    }

    /** An upright line with a name. */
    WebChart mark(double at, String name) {
        double px = atX(at);
        boolean right = px > (LEFT + RIGHT) / 2;
        drawing.append("<line class=\"mark\" x1=\"%1$s\" y1=\"%2$s\" x2=\"%1$s\" y2=\"%3$s\"/>"
                .formatted(number(px), number(TOP), number(BOTTOM)));
        drawing.append("<text class=\"note\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
                .formatted(number(px + (right ? -5 : 5)), number(TOP + 11), right ? "end" : "start", Svg.escape(name)));
        return this;
    }

    /** The line on which both values are equal. */
    WebChart diagonal() {
        drawing.append("<line class=\"mark\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>"
                .formatted(number(LEFT), number(atY(x.low())), number(RIGHT), number(atY(x.high()))));
        return this;
    }

    /** The chart, its legend and the line that says what is pointed at. */
    String html(String about) {
        StringBuilder out = new StringBuilder("<div class=\"plot\" tabindex=\"0\" role=\"group\" aria-label=\"")
                .append(Svg.escape(title))
                .append(", left and right arrow keys read the values\">");
        out.append("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"".formatted(WIDTH, HEIGHT))
                .append(Svg.escape(title + ". " + about))
                .append("\" data-points=\"")
                .append(String.join(" ", points))
                .append("\" data-texts=\"")
                .append(String.join("&#10;", texts))
                .append("\">");
        for (double tick : y.ticks()) {
            out.append("<line class=\"grid\" x1=\"%1$s\" y1=\"%3$s\" x2=\"%2$s\" y2=\"%3$s\"/>"
                    .formatted(number(LEFT), number(RIGHT), number(atY(tick))));
            out.append("<text x=\"%s\" y=\"%s\" text-anchor=\"end\">%s</text>"
                    .formatted(number(LEFT - 6), number(atY(tick) + 4), yLabel.apply(tick)));
        }
        for (double tick : x.ticks()) {
            out.append("<text x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>"
                    .formatted(number(atX(tick)), number(BOTTOM + 17), xLabel.apply(tick)));
        }
        out.append("<text x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>"
                .formatted(number((LEFT + RIGHT) / 2), number(BOTTOM + 38), xName));
        out.append("<line class=\"axis\" x1=\"%1$s\" y1=\"%3$s\" x2=\"%2$s\" y2=\"%3$s\"/>"
                .formatted(number(LEFT), number(RIGHT), number(BOTTOM)));
        out.append(drawing)
                .append("<g class=\"cursor\" hidden><line y1=\"%s\" y2=\"%s\"/><circle r=\"4\"/></g></svg>"
                        .formatted(number(TOP), number(BOTTOM)));
        out.append(series > 1 ? "<ul class=\"legend\">" + legend + "</ul>" : "");
        return out.append("<output>\u00a0</output></div>").toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
