package io.github.resdensenet.report;

import java.util.List;
import java.util.Locale;

/**
 * The article's figure: accuracy on the left, loss on the right, over epochs, with the best epoch marked.
 *
 * @param title above both panels, in any script
 * @param checked what the second curve of each panel is: "Validation" or "Test"
 * @param trainAcc accuracy while training, an entry an epoch, 0 to 1
 * @param checkedAcc accuracy after each epoch
 * @param trainLoss loss while training
 * @param checkedLoss loss after each epoch
 * @param bestEpoch from 1, or 0 for none
 */
public record LearningCurves(
        String title,
        String checked,
        List<Double> trainAcc,
        List<Double> checkedAcc,
        List<Double> trainLoss,
        List<Double> checkedLoss,
        int bestEpoch) {
    /** Width of the picture in pixels. */
    public static final int WIDTH = 1200;
    /** Height of the picture in pixels. */
    public static final int HEIGHT = 420;

    private static final String TRAIN = "#1f77b4";
    private static final String CHECKED = "#d95f02";
    private static final String INK = "#222222";
    private static final String FAINT = "#dddddd";

    /** Keeps its own lists, which must be of one length, at least 1. */
    public LearningCurves {
        trainAcc = List.copyOf(trainAcc);
        checkedAcc = List.copyOf(checkedAcc);
        trainLoss = List.copyOf(trainLoss);
        checkedLoss = List.copyOf(checkedLoss);
        int n = trainAcc.size();
        if (n == 0 || checkedAcc.size() != n || trainLoss.size() != n || checkedLoss.size() != n) {
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
        panel(svg, 70, "Accuracy", trainAcc, checkedAcc, true);
        panel(svg, 670, "Loss", trainLoss, checkedLoss, false);
        return svg.toString();
    }

    private void panel(Svg svg, double left, String what, List<Double> train, List<Double> after, boolean percent) {
        double top = 78;
        double width = 490;
        double height = 280;
        Axis y = Axis.over(List.of(train, after));
        int n = train.size();
        svg.text(left + width / 2, 60, 15, "middle", INK, "Training and " + checked + " " + what);
        for (double tick : y.ticks()) {
            double at = top + height * (1 - y.share(tick));
            svg.line(left, at, left + width, at, FAINT, 1);
            String label = percent ? y.label(tick * 100, 100) + "%" : y.label(tick, 1);
            svg.text(left - 8, at + 4.5, 13, "end", INK, label);
        }
        int every = Math.max(1, (int) Math.ceil(n / 10.0));
        for (int epoch = 1; epoch <= n; epoch++) {
            if (epoch == 1 || epoch % every == 0) {
                svg.text(x(epoch, n, left, width), top + height + 20, 13, "middle", INK, Integer.toString(epoch));
            }
        }
        svg.text(left + width / 2, top + height + 46, 14, "middle", INK, "Epoch");
        svg.line(left, top + height, left + width, top + height, INK, 1);
        if (bestEpoch >= 1 && bestEpoch <= n) {
            double at = x(bestEpoch, n, left, width);
            svg.line(at, top, at, top + height, "#888888", 1);
            boolean rightHalf = at > left + width / 2;
            svg.text(
                    at + (rightHalf ? -5 : 5),
                    top + 12,
                    12,
                    rightHalf ? "end" : "start",
                    "#555555",
                    "best: epoch " + bestEpoch);
        }
        curve(svg, train, y, left, top, width, height, TRAIN);
        curve(svg, after, y, left, top, width, height, CHECKED);
        double legend = percent ? top + height - 46 : top + 30;
        double legendX = left + width - 172;
        svg.rect(legendX - 8, legend - 14, 178, 44, "#ffffff");
        svg.line(legendX, legend - 1, legendX + 22, legend - 1, TRAIN, 2.5);
        svg.text(legendX + 28, legend + 4, 13, "start", INK, "Training " + what);
        svg.line(legendX, legend + 18, legendX + 22, legend + 18, CHECKED, 2.5);
        svg.text(legendX + 28, legend + 23, 13, "start", INK, checked + " " + what);
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
