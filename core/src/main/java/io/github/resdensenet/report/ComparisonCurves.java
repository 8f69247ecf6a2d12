package io.github.resdensenet.report;

import java.util.List;

/**
 * Accuracy and loss over epochs of several trainings in one picture.
 *
 * @param title above both panels, in any script
 * @param checked what the curves are measured on, for instance "Validation"
 * @param series the curves, at least one
 */
public record ComparisonCurves(String title, String checked, List<Series> series) {
    private static final List<String> COLORS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#222222", "#8c564b");
    private static final double WIDTH = 490;
    private static final int IN_A_ROW = 3;
    private static final int LEGEND_TOP = 430;
    private static final int LEGEND_LINE = 24;

    /**
     * One training, or the mean of several.
     *
     * @param label its name in the legend
     * @param color which colour, from 0; series of one colour belong together
     * @param dashed whether its line is dashed
     * @param accuracy after each epoch, 0 to 1
     * @param loss after each epoch
     */
    public record Series(String label, int color, boolean dashed, List<Double> accuracy, List<Double> loss) {
        /** Keeps its own lists, which must be of one length, at least 1. */
        public Series {
            accuracy = List.copyOf(accuracy);
            loss = List.copyOf(loss);
            if (accuracy.isEmpty() || accuracy.size() != loss.size()) {
                throw new IllegalArgumentException("curves need at least one epoch, the same number each");
            }
        }

        private String stroke() {
            return COLORS.get(color % COLORS.size());
        }
    }

    /** Keeps its own list. */
    public ComparisonCurves {
        series = List.copyOf(series);
        if (series.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one series");
        }
    }

    /** Height of the picture in pixels. */
    private int height() {
        return LEGEND_TOP + LEGEND_LINE * ((series.size() + IN_A_ROW - 1) / IN_A_ROW);
    }

    /** The picture as an SVG document. */
    public String svg() {
        return svg(Svg.FONTS);
    }

    /** The picture as a PNG file. */
    public byte[] png() {
        return Raster.png(svg(Raster.fontFor(title)), LearningCurves.WIDTH * 2, height() * 2);
    }

    private String svg(String fonts) {
        Svg svg = new Svg(LearningCurves.WIDTH, height(), title, fonts);
        svg.text(LearningCurves.WIDTH / 2.0, 30, 19, "middle", Panel.INK, title);
        Panel accuracies = new Panel(
                svg,
                70,
                WIDTH,
                checked + " Accuracy",
                series.stream().map(Series::accuracy).toList(),
                Panel.Unit.SHARE);
        Panel losses = new Panel(
                svg,
                670,
                WIDTH,
                checked + " Loss",
                series.stream().map(Series::loss).toList(),
                Panel.Unit.PLAIN);
        for (int i = 0; i < series.size(); i++) {
            Series one = series.get(i);
            accuracies.curve(one.accuracy(), one.stroke(), one.dashed());
            losses.curve(one.loss(), one.stroke(), one.dashed());
            double x = 70 + i % IN_A_ROW * 370;
            double y = LEGEND_TOP + i / IN_A_ROW * LEGEND_LINE;
            svg.polyline(new double[] {x, x + 40}, new double[] {y - 4, y - 4}, one.stroke(), one.dashed());
            svg.text(x + 48, y, 14, "start", Panel.INK, one.label());
        }
        return svg.toString();
    }
}
