package io.github.resdensenet.report;

import java.util.List;
import java.util.Locale;

/** Curves over epochs in a frame of their own, with round ticks that cover all of them. */
final class Panel {
    static final double TOP = 78;
    static final double HEIGHT = 280;
    static final String INK = "#222222";

    private static final String FAINT = "#dddddd";

    private final Svg svg;
    private final double left;
    private final double width;
    private final Axis y;
    private final int epochs;

    /** How values are written. */
    enum Unit {
        SHARE,
        PLAIN,
        SMALL;

        private String label(Axis y, double tick) {
            return switch (this) {
                case SHARE -> y.label(tick * 100, 100) + "%";
                case PLAIN -> y.label(tick, 1);
                case SMALL -> tick == 0 ? "0" : String.format(Locale.ROOT, "%.1e", tick);
            };
        }
    }

    /** Draws title, ticks and axes for curves to come, of which the longest has at least one epoch. */
    Panel(Svg svg, double left, double width, String title, List<List<Double>> curves, Unit unit) {
        this.svg = svg;
        this.left = left;
        this.width = width;
        y = Axis.over(curves);
        epochs = curves.stream().mapToInt(List::size).max().orElse(0);
        svg.text(left + width / 2, 60, 15, "middle", INK, title);
        for (double tick : y.ticks()) {
            double at = TOP + HEIGHT * (1 - y.share(tick));
            svg.line(left, at, left + width, at, FAINT, 1);
            svg.text(left - 8, at + 4.5, 13, "end", INK, unit.label(y, tick));
        }
        int every = Math.max(1, (int) Math.ceil(epochs / 10.0));
        for (int epoch = 1; epoch <= epochs; epoch++) {
            if (epoch % every == 0 || (epoch == 1 && every < 3)) {
                svg.text(x(epoch), TOP + HEIGHT + 20, 13, "middle", INK, Integer.toString(epoch));
            }
        }
        svg.text(left + width / 2, TOP + HEIGHT + 46, 14, "middle", INK, "Epoch");
        svg.line(left, TOP + HEIGHT, left + width, TOP + HEIGHT, INK, 1);
    }

    /** Where an epoch, from 1, lies. */
    double x(int epoch) {
        return epochs == 1 ? left + width / 2 : left + 12 + (width - 24) * (epoch - 1) / (epochs - 1);
    }

    void curve(List<Double> values, String color, boolean dashed) {
        int n = values.size();
        double[] xs = new double[n];
        double[] ys = new double[n];
        for (int i = 0; i < n; i++) {
            xs[i] = x(i + 1);
            ys[i] = TOP + HEIGHT * (1 - y.share(values.get(i)));
        }
        svg.polyline(xs, ys, color, dashed);
        for (int i = 0; i < n && epochs <= 40; i++) {
            svg.circle(xs[i], ys[i], 3, color);
        }
    }
}
