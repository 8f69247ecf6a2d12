package io.github.resdensenet.report;

import io.github.resdensenet.report.Panel.Unit;
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
    private static final String INK = Panel.INK;
    private static final double PANEL_WIDTH = 312;

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

    private void panel(Svg svg, double left, Unit unit, String title, List<String> names, List<List<Double>> curves) {
        Panel panel = new Panel(svg, left, PANEL_WIDTH, title, curves, unit);
        if (bestEpoch >= 1 && bestEpoch <= trainAcc.size()) {
            double at = panel.x(bestEpoch);
            boolean rightHalf = at > left + PANEL_WIDTH / 2;
            String anchor = rightHalf ? "end" : "start";
            svg.line(at, Panel.TOP, at, Panel.TOP + Panel.HEIGHT, "#888888", 1);
            svg.text(at + (rightHalf ? -5 : 5), Panel.TOP + 12, 12, anchor, "#555555", "best: epoch " + bestEpoch);
        }
        for (int i = 0; i < curves.size(); i++) {
            panel.curve(curves.get(i), COLORS.get(i), false);
        }
        double legend = left + PANEL_WIDTH / 2 - 62 * names.size();
        double below = Panel.TOP + Panel.HEIGHT + 68;
        for (int i = 0; i < names.size(); i++) {
            double at = legend + 124 * i;
            svg.line(at, below, at + 26, below, COLORS.get(i), 2.5);
            svg.text(at + 33, below + 5, 13.5, "start", INK, names.get(i));
        }
    }
}
