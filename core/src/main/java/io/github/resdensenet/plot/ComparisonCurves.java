package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Chart.Axis;
import java.util.List;
import java.util.function.Function;

/**
 * A figure of accuracy and loss over the epochs of several training runs.
 *
 * @param title title above both panels, in any script
 * @param checked subset on which the curves are measured, for example "Validation"
 * @param series the curves, at least one
 */
public record ComparisonCurves(String title, String checked, List<Series> series) {
    private static final List<String> COLORS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#222222", "#8c564b");
    private static final String INK = "#222222";
    private static final double TOP = 78;
    private static final double WIDTH = 490;
    private static final double HEIGHT = 280;
    private static final int LEGEND_COLUMNS = 3;
    private static final int LEGEND_TOP = 430;
    private static final int LEGEND_LINE = 24;

    /**
     * The curves of one training run, or the mean of several runs.
     *
     * @param label name in the legend
     * @param color index of the colour, from 0; related series share a colour
     * @param dashed whether the line is dashed
     * @param accuracy accuracy per epoch, 0 to 1
     * @param loss loss per epoch
     */
    public record Series(String label, int color, boolean dashed, List<Double> accuracy, List<Double> loss) {
        /** Copies the lists, which must have the same length of at least 1. */
        public Series {
            accuracy = List.copyOf(accuracy);
            loss = List.copyOf(loss);
            if (accuracy.isEmpty() || accuracy.size() != loss.size()) {
                throw new IllegalArgumentException("curves must have the same number of epochs, at least 1");
            }
        }

        private String stroke() {
            return COLORS.get(color % COLORS.size());
        }
    }

    /** Copies the list. */
    public ComparisonCurves {
        series = List.copyOf(series);
        if (series.isEmpty()) {
            throw new IllegalArgumentException("a comparison must have at least one series");
        }
    }

    /** Height in pixels. */
    private int height() {
        return LEGEND_TOP + LEGEND_LINE * ((series.size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS);
    }

    /** The figure as an SVG document. */
    public String svg() {
        return svg(Svg.FONTS);
    }

    /** The figure as a PNG file. */
    public byte[] png() {
        return Raster.png(svg(Raster.fontFor(title)), LearningCurves.WIDTH * 2, height() * 2);
    }

    private String svg(String fonts) {
        Svg svg = new Svg(LearningCurves.WIDTH, height(), title, fonts);
        svg.text(LearningCurves.WIDTH / 2.0, 30, 19, "middle", INK, title);
        panel(svg, 70, checked + " Accuracy", Series::accuracy, Axis.Unit.FRACTION);
        panel(svg, 670, checked + " Loss", Series::loss, Axis.Unit.NUMBER);
        for (int i = 0; i < series.size(); i++) {
            Series one = series.get(i);
            double x = 70 + i % LEGEND_COLUMNS * 370;
            double y = LEGEND_TOP + i / LEGEND_COLUMNS * LEGEND_LINE;
            svg.polyline(new double[] {x, x + 40}, new double[] {y - 4, y - 4}, one.stroke(), one.dashed());
            svg.text(x + 48, y, 14, "start", INK, one.label());
        }
        return svg.toString();
    }

    private void panel(Svg svg, double left, String name, Function<Series, List<Double>> values, Axis.Unit unit) {
        List<List<Double>> all = series.stream().map(values).toList();
        int epochs = all.stream().mapToInt(List::size).max().orElse(1);
        Chart chart = new Chart(name, "Epoch", Axis.epochs(epochs), Axis.over(all, unit));
        series.forEach(one -> chart.curve(one.label(), values.apply(one), one.stroke(), one.dashed()));
        chart.draw(svg, new Chart.Frame(left, TOP, WIDTH, HEIGHT));
    }
}
