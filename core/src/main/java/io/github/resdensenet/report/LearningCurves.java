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
    private static final String INK = Panel.INK;

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
        Panel panel = new Panel(svg, left, "Training and " + checked + " " + what, List.of(train, after), percent);
        if (bestEpoch >= 1 && bestEpoch <= train.size()) {
            double at = panel.x(bestEpoch);
            svg.line(at, Panel.TOP, at, Panel.TOP + Panel.HEIGHT, "#888888", 1);
            boolean rightHalf = at > left + Panel.WIDTH / 2;
            svg.text(
                    at + (rightHalf ? -5 : 5),
                    Panel.TOP + 12,
                    12,
                    rightHalf ? "end" : "start",
                    "#555555",
                    "best: epoch " + bestEpoch);
        }
        panel.curve(train, TRAIN, false);
        panel.curve(after, CHECKED, false);
        double legend = percent ? Panel.TOP + Panel.HEIGHT - 46 : Panel.TOP + 30;
        double legendX = left + Panel.WIDTH - 172;
        svg.rect(legendX - 8, legend - 14, 178, 44, "#ffffff");
        svg.line(legendX, legend - 1, legendX + 22, legend - 1, TRAIN, 2.5);
        svg.text(legendX + 28, legend + 4, 13, "start", INK, "Training " + what);
        svg.line(legendX, legend + 18, legendX + 22, legend + 18, CHECKED, 2.5);
        svg.text(legendX + 28, legend + 23, 13, "start", INK, checked + " " + what);
    }
}
