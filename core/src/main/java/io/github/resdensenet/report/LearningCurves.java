package io.github.resdensenet.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The article's figure over epochs, accuracy and loss, with the learning rate beside them and the best epoch marked.
 *
 * @param title above both panels, in any script
 * @param checked what the second curve of each panel is: "Validation" or "Test"
 * @param trainAcc accuracy while training, an entry an epoch, 0 to 1
 * @param checkedAcc accuracy after each epoch
 * @param trainLoss loss while training
 * @param checkedLoss loss after each epoch
 * @param lr learning rate of each epoch
 * @param bestEpoch from 1, or 0 for none
 */
public record LearningCurves(
        String title,
        String checked,
        List<Double> trainAcc,
        List<Double> checkedAcc,
        List<Double> trainLoss,
        List<Double> checkedLoss,
        List<Double> lr,
        int bestEpoch) {
    /** Width of the picture in pixels. */
    public static final int WIDTH = 1200;
    /** Height of the picture in pixels. */
    public static final int HEIGHT = 452;

    private static final List<String> COLORS = List.of("#1f77b4", "#d95f02");
    private static final String INK = "#222222";
    private static final String FAINT = "#dddddd";

    /** Keeps its own lists, which must be of one length, at least 1. */
    public LearningCurves {
        trainAcc = List.copyOf(trainAcc);
        checkedAcc = List.copyOf(checkedAcc);
        trainLoss = List.copyOf(trainLoss);
        checkedLoss = List.copyOf(checkedLoss);
        lr = List.copyOf(lr);
        int n = trainAcc.size();
        boolean same = Stream.of(checkedAcc, trainLoss, checkedLoss, lr).allMatch(list -> list.size() == n);
        if (n == 0 || !same) {
            throw new IllegalArgumentException("curves need at least one epoch, the same number each");
        }
    }

    /** The picture as an SVG document. */
    public String svg() {
        return svg(Svg.FONTS);
    }

    /** The picture as a PNG file. */
    public byte[] png() {
        return Raster.png(svg(Raster.fontFor(title)), WIDTH * 2, HEIGHT * 2);
    }

    private String svg(String fonts) {
        Svg svg =
                new Svg(WIDTH, HEIGHT, title + ": training and " + checked.toLowerCase(Locale.ROOT) + " curves", fonts);
        svg.text(WIDTH / 2.0, 30, 19, "middle", INK, title);
        String both = "Training and " + checked + " ";
        panel(svg, 66, Unit.SHARE, both + "Accuracy", List.of("Training", checked), List.of(trainAcc, checkedAcc));
        panel(svg, 464, Unit.PLAIN, both + "Loss", List.of("Training", checked), List.of(trainLoss, checkedLoss));
        panel(svg, 872, Unit.SMALL, "Learning rate", List.of(), List.of(lr));
        return svg.toString();
    }

    /** How values of a panel are written. */
    private enum Unit {
        SHARE,
        PLAIN,
        SMALL;

        String label(Axis y, double tick) {
            return switch (this) {
                case SHARE -> y.label(tick * 100, 100) + "%";
                case PLAIN -> y.label(tick, 1);
                case SMALL -> tick == 0 ? "0" : String.format(Locale.ROOT, "%.1e", tick);
            };
        }
    }

    private void panel(Svg svg, double left, Unit unit, String title, List<String> names, List<List<Double>> curves) {
        double top = 78;
        double width = 312;
        double height = 280;
        Axis y = Axis.over(curves);
        int n = trainAcc.size();
        svg.text(left + width / 2, 60, 15, "middle", INK, title);
        for (double tick : y.ticks()) {
            double at = top + height * (1 - y.share(tick));
            svg.line(left, at, left + width, at, FAINT, 1);
            svg.text(left - 8, at + 4.5, 13, "end", INK, unit.label(y, tick));
        }
        int every = Math.max(1, (int) Math.ceil(n / 10.0));
        for (int epoch = 1; epoch <= n; epoch++) {
            if (epoch % every == 0 || (epoch == 1 && every < 3)) {
                svg.text(x(epoch, n, left, width), top + height + 20, 13, "middle", INK, Integer.toString(epoch));
            }
        }
        svg.text(left + width / 2, top + height + 46, 14, "middle", INK, "Epoch");
        svg.line(left, top + height, left + width, top + height, INK, 1);
        best(svg, left, top, width, height);
        for (int i = 0; i < curves.size(); i++) {
            curve(svg, curves.get(i), y, left, top, width, height, COLORS.get(i));
        }
        double legend = left + width / 2 - 62 * names.size();
        for (int i = 0; i < names.size(); i++) {
            double at = legend + 124 * i;
            svg.line(at, top + height + 68, at + 26, top + height + 68, COLORS.get(i), 2.5);
            svg.text(at + 33, top + height + 73, 13.5, "start", INK, names.get(i));
        }
    }

    private void best(Svg svg, double left, double top, double width, double height) {
        int n = trainAcc.size();
        if (bestEpoch < 1 || bestEpoch > n) {
            return;
        }
        double at = x(bestEpoch, n, left, width);
        boolean rightHalf = at > left + width / 2;
        double text = at + (rightHalf ? -5 : 5);
        svg.line(at, top, at, top + height, "#888888", 1);
        svg.text(text, top + 12, 12, rightHalf ? "end" : "start", "#555555", "best: epoch " + bestEpoch);
    }

    private static double x(int epoch, int n, double left, double width) {
        return n == 1 ? left + width / 2 : left + 12 + (width - 24) * (epoch - 1) / (n - 1);
    }

    private static void curve(
            Svg svg, List<Double> values, Axis y, double left, double top, double width, double height, String color) {
        int n = values.size();
        double[] xs = new double[n];
        double[] ys = new double[n];
        for (int i = 0; i < n; i++) {
            xs[i] = x(i + 1, n, left, width);
            ys[i] = top + height * (1 - y.share(values.get(i)));
        }
        svg.polyline(xs, ys, color);
        for (int i = 0; i < n && n <= 40; i++) {
            svg.circle(xs[i], ys[i], 3, color);
        }
    }
}
