package io.github.resdensenet.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A line chart. {@link #html} gives it the colors of the page's style sheet and lets the page's script read out its points;
 * {@link #draw} puts it into an SVG file.
 */
public final class Chart {
    private static final int MOST_DOTS = 40;
    private static final String INK = "#222222";
    private static final Frame PAGE_FRAME = new Frame(64, 14, 316, 200);

    private final String title;
    private final String xName;
    private final Axis x;
    private final Axis y;
    private final List<Curve> curves = new ArrayList<>();
    private final List<Point> points = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();
    private boolean diagonal;

    private record Curve(String name, List<Double> xs, List<Double> ys, String color, boolean dashed) {}

    private record Point(double x, double y, String text) {}

    private record Mark(double at, String name) {}

    /** Where the axes are. */
    record Frame(double left, double top, double width, double height) {
        double bottom() {
            return top + height;
        }

        double x(Axis axis, double value) {
            return left + width * axis.position(value);
        }

        double y(Axis axis, double value) {
            return bottom() - height * axis.position(value);
        }
    }

    /** The attributes of each kind of element. */
    private interface Skin {
        String grid();

        String axis();

        String mark();

        String note();

        String text();

        String line(int series);

        String dot(int series);
    }

    /** A chart without curves yet. */
    public Chart(String title, String xName, Axis x, Axis y) {
        this.title = title;
        this.xName = xName;
        this.x = x;
        this.y = y;
    }

    /** Adds a curve in the style of its number. */
    public Chart curve(String name, List<Double> xs, List<Double> ys) {
        return curve(name, xs, ys, INK, false);
    }

    /** Adds a curve over epochs, in a color of its own. */
    Chart curve(String name, List<Double> ys, String color, boolean dashed) {
        List<Double> xs = new ArrayList<>();
        for (int i = 1; i <= ys.size(); i++) {
            xs.add((double) i);
        }
        return curve(name, xs, ys, color, dashed);
    }

    private Chart curve(String name, List<Double> xs, List<Double> ys, String color, boolean dashed) {
        curves.add(new Curve(name, List.copyOf(xs), List.copyOf(ys), color, dashed));
        return this;
    }

    /** Adds a point that the page's script reads out. */
    public Chart point(double atX, double atY, String text) {
        points.add(new Point(atX, atY, text));
        return this;
    }

    /** Adds a named vertical line. */
    public Chart mark(double at, String name) {
        marks.add(new Mark(at, name));
        return this;
    }

    /** Adds the line on which both values are equal. */
    public Chart diagonal() {
        diagonal = true;
        return this;
    }

    /**
     * The chart for the page, with its legend and the line that shows the values under the pointer.
     *
     * @param about a sentence for those who cannot see it
     */
    public String html(String about) {
        StringBuilder out = new StringBuilder("<div class=\"plot\" tabindex=\"0\" role=\"group\" aria-label=\"")
                .append(Svg.escape(title))
                .append(", left and right arrow keys read the values\">")
                .append("<svg viewBox=\"0 0 400 260\" role=\"img\" aria-label=\"")
                .append(Svg.escape(title + ". " + about))
                .append("\" data-points=\"")
                .append(String.join(
                        " ",
                        points.stream()
                                .map(p -> Svg.number(PAGE_FRAME.x(x, p.x())) + "," + Svg.number(PAGE_FRAME.y(y, p.y())))
                                .toList()))
                .append("\" data-texts=\"")
                .append(String.join(
                        "&#10;", points.stream().map(p -> Svg.escape(p.text())).toList()))
                .append("\">");
        body(out, PAGE_FRAME, new PageSkin());
        out.append("<g class=\"cursor\" hidden><line y1=\"%s\" y2=\"%s\"/><circle r=\"4\"/></g></svg>"
                .formatted(Svg.number(PAGE_FRAME.top()), Svg.number(PAGE_FRAME.bottom())));
        if (curves.size() > 1) {
            out.append("<ul class=\"legend\">");
            for (int i = 0; i < curves.size(); i++) {
                out.append("<li><svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\">")
                        .append("<line class=\"s%s\" x1=\"1\" y1=\"5\" x2=\"27\" y2=\"5\"/></svg><bdi>".formatted(i))
                        .append(Svg.escape(curves.get(i).name()))
                        .append("</bdi></li>");
            }
            out.append("</ul>");
        }
        return out.append("<output>\u00a0</output></div>").toString();
    }

    /** Draws the chart with its title into a file. */
    void draw(Svg svg, Frame frame) {
        svg.text(frame.left() + frame.width() / 2, frame.top() - 18, 15, "middle", INK, title);
        StringBuilder out = new StringBuilder();
        body(out, frame, new FileSkin());
        svg.add(out.toString());
    }

    private void body(StringBuilder out, Frame frame, Skin skin) {
        double right = frame.left() + frame.width();
        for (double tick : y.ticks()) {
            double at = frame.y(y, tick);
            line(out, skin.grid(), frame.left(), at, right, at);
            text(out, skin.text(), frame.left() - 7, at + 4, "end", y.label(tick));
        }
        for (double tick : x.ticks()) {
            text(out, skin.text(), frame.x(x, tick), frame.bottom() + 18, "middle", x.label(tick));
        }
        text(out, skin.text(), frame.left() + frame.width() / 2, frame.bottom() + 40, "middle", xName);
        line(out, skin.axis(), frame.left(), frame.bottom(), right, frame.bottom());
        if (diagonal) {
            line(out, skin.mark(), frame.left(), frame.y(y, x.low()), right, frame.y(y, x.high()));
        }
        for (Mark mark : marks) {
            double at = frame.x(x, mark.at());
            boolean inRightHalf = at > frame.left() + frame.width() / 2;
            line(out, skin.mark(), at, frame.top(), at, frame.bottom());
            String anchor = inRightHalf ? "end" : "start";
            text(out, skin.note(), at + (inRightHalf ? -5 : 5), frame.top() + 11, anchor, mark.name());
        }
        for (int i = 0; i < curves.size(); i++) {
            curve(out, frame, skin, i);
        }
    }

    private void curve(StringBuilder out, Frame frame, Skin skin, int series) {
        Curve curve = curves.get(series);
        StringBuilder dots = new StringBuilder();
        out.append("<polyline ").append(skin.line(series)).append(" points=\"");
        for (int i = 0; i < curve.xs().size(); i++) {
            String px = Svg.number(frame.x(x, curve.xs().get(i)));
            String py = Svg.number(frame.y(y, curve.ys().get(i)));
            out.append(i == 0 ? "" : " ").append(px).append(',').append(py);
            dots.append("<circle %s cx=\"%s\" cy=\"%s\" r=\"2.5\"/>".formatted(skin.dot(series), px, py));
        }
        out.append("\"/>").append(curve.xs().size() <= MOST_DOTS ? dots : "");
    }

    private static void line(StringBuilder out, String style, double x1, double y1, double x2, double y2) {
        out.append("<line %s x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>"
                .formatted(style, Svg.number(x1), Svg.number(y1), Svg.number(x2), Svg.number(y2)));
    }

    private static void text(StringBuilder out, String style, double x, double y, String anchor, String text) {
        out.append("<text %s x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
                .formatted(style, Svg.number(x), Svg.number(y), anchor, Svg.escape(text)));
    }

    /** Classes of the page's style sheet, so that the chart is light or dark with the page. */
    private static final class PageSkin implements Skin {
        @Override
        public String grid() {
            return "class=\"grid\"";
        }

        @Override
        public String axis() {
            return "class=\"axis\"";
        }

        @Override
        public String mark() {
            return "class=\"mark\"";
        }

        @Override
        public String note() {
            return "class=\"note\"";
        }

        @Override
        public String text() {
            return "class=\"tick\"";
        }

        @Override
        public String line(int series) {
            return "class=\"s" + series + "\"";
        }

        @Override
        public String dot(int series) {
            return line(series);
        }
    }

    /** Colors on white. */
    private final class FileSkin implements Skin {
        @Override
        public String grid() {
            return "stroke=\"#dddddd\"";
        }

        @Override
        public String axis() {
            return "stroke=\"" + INK + "\"";
        }

        @Override
        public String mark() {
            return "stroke=\"#888888\"";
        }

        @Override
        public String note() {
            return "font-size=\"12\" fill=\"#555555\"";
        }

        @Override
        public String text() {
            return "font-size=\"13\" fill=\"" + INK + "\"";
        }

        @Override
        public String line(int series) {
            Curve curve = curves.get(series);
            return "fill=\"none\" stroke=\"" + curve.color() + "\" stroke-width=\"2\" stroke-linejoin=\"round\""
                    + (curve.dashed() ? " stroke-dasharray=\"7 4\"" : "");
        }

        @Override
        public String dot(int series) {
            return "fill=\"" + curves.get(series).color() + "\"";
        }
    }

    /**
     * An axis with round ticks.
     *
     * @param low lowest value shown
     * @param high highest value shown
     * @param step distance between ticks, which are multiples of it
     * @param unit how ticks are labelled
     */
    public record Axis(double low, double high, double step, Unit unit) {
        private static final int MOST_TICKS = 10;

        /** How the values of an axis are labelled. */
        public enum Unit {
            /** Fractions of 1, as percentages. */
            FRACTION,
            /** Plain numbers. */
            NUMBER,
            /** Numbers in scientific notation. */
            SCIENTIFIC
        }

        /** An axis that covers all finite values. */
        public static Axis over(List<List<Double>> values, Unit unit) {
            double[] finite = values.stream()
                    .flatMap(List::stream)
                    .mapToDouble(Double::doubleValue)
                    .filter(Double::isFinite)
                    .sorted()
                    .toArray();
            double min = finite.length == 0 ? 0 : finite[0];
            double max = finite.length == 0 ? 1 : finite[finite.length - 1];
            double size = Math.max(Math.abs(min), Math.abs(max));
            // learning rates can be small; a constant curve needs a span, too
            double smallest = unit == Unit.SCIENTIFIC && size > 0 ? size : Math.max(1, size);
            double span = Math.max(max - min, 1e-3 * smallest);
            double power = Math.pow(10, Math.floor(Math.log10(span / 5)));
            double step = power;
            for (double factor : new double[] {1, 2, 5, 10}) {
                step = factor * power;
                if (span / step <= 6) {
                    break;
                }
            }
            double low = Math.floor(min / step + 1e-9) * step;
            double high = Math.ceil(max / step - 1e-9) * step;
            return new Axis(low, high > low ? high : low + step, step, unit);
        }

        /** Epochs from 1 to {@code n}. */
        public static Axis epochs(int n) {
            if (n == 1) {
                return new Axis(0.5, 1.5, 1, Unit.NUMBER);
            }
            int step = IntStream.of(1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
                    .filter(s -> n <= MOST_TICKS * s)
                    .findFirst()
                    .orElse(n);
            return new Axis(1, n, step, Unit.NUMBER);
        }

        /** Fractions from 0 to 1. */
        public static Axis fractions() {
            return new Axis(0, 1, 0.2, Unit.FRACTION);
        }

        /** The position of a value between low (0) and high (1); a value that is not finite is at the top. */
        double position(double value) {
            return Double.isFinite(value) ? (value - low) / (high - low) : 1;
        }

        List<Double> ticks() {
            List<Double> ticks = new ArrayList<>();
            for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
                ticks.add(i * step);
            }
            return ticks;
        }

        /** A tick's label, with as many digits as tell neighbours apart. */
        String label(double tick) {
            return switch (unit) {
                case FRACTION -> fixed(tick * 100, step * 100) + "%";
                case NUMBER -> fixed(tick, step);
                case SCIENTIFIC -> tick == 0 ? "0" : String.format(Locale.ROOT, "%.1e", tick);
            };
        }

        private static String fixed(double value, double step) {
            int digits = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
            return String.format(Locale.ROOT, "%." + digits + "f", value);
        }
    }
}
