package io.github.resdensenet.plot;

import io.github.resdensenet.plot.Chart.Axis;
import io.github.resdensenet.plot.Chart.Axis.Unit;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The learning curves of a run, as in the article: accuracy and loss over the epochs, and in addition the learning rate
 * and a mark at the best epoch.
 *
 * @param title title above the panels, in any script
 * @param checked subset of the second curve in each panel: "Validation" or "Test"
 * @param trainAcc training accuracy per epoch, 0 to 1
 * @param checkedAcc accuracy on the subset per epoch, 0 to 1
 * @param trainLoss training loss per epoch
 * @param checkedLoss loss on the subset per epoch
 * @param lr learning rate per epoch
 * @param bestEpoch best epoch, from 1; 0 for no mark
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
    /** Width in pixels. */
    public static final int WIDTH = 1200;
    /** Height in pixels. */
    public static final int HEIGHT = 452;

    private static final List<String> COLORS = List.of("#1f77b4", "#d95f02");
    private static final String INK = "#222222";
    private static final double TOP = 78;
    private static final double PANEL_WIDTH = 312;
    private static final double PANEL_HEIGHT = 280;

    /** Copies the lists, which must have the same length of at least 1. */
    public LearningCurves {
        trainAcc = List.copyOf(trainAcc);
        checkedAcc = List.copyOf(checkedAcc);
        trainLoss = List.copyOf(trainLoss);
        checkedLoss = List.copyOf(checkedLoss);
        lr = List.copyOf(lr);
        int n = trainAcc.size();
        boolean same = Stream.of(checkedAcc, trainLoss, checkedLoss, lr).allMatch(list -> list.size() == n);
        if (n == 0 || !same) {
            throw new IllegalArgumentException("curves must have the same number of epochs, at least 1");
        }
    }

    /** The figure as an SVG document. */
    public String svg() {
        return svg(Svg.FONTS);
    }

    /** The figure as a PNG file. */
    public byte[] png() {
        return Raster.png(svg(Raster.fontFor(title)), WIDTH * 2, HEIGHT * 2);
    }

    private String svg(String fonts) {
        Svg svg =
                new Svg(WIDTH, HEIGHT, title + ": training and " + checked.toLowerCase(Locale.ROOT) + " curves", fonts);
        svg.text(WIDTH / 2.0, 30, 19, "middle", INK, title);
        List<String> both = List.of("Training", checked);
        panel(svg, 66, Unit.FRACTION, "Training and " + checked + " Accuracy", both, List.of(trainAcc, checkedAcc));
        panel(svg, 464, Unit.NUMBER, "Training and " + checked + " Loss", both, List.of(trainLoss, checkedLoss));
        panel(svg, 872, Unit.SCIENTIFIC, "Learning rate", List.of(), List.of(lr));
        return svg.toString();
    }

    private void panel(Svg svg, double left, Unit unit, String name, List<String> legend, List<List<Double>> values) {
        int epochs = trainAcc.size();
        Chart chart = new Chart(name, "Epoch", Axis.epochs(epochs), Axis.over(values, unit));
        if (bestEpoch >= 1 && bestEpoch <= epochs) {
            chart.mark(bestEpoch, "best: epoch " + bestEpoch);
        }
        for (int i = 0; i < values.size(); i++) {
            chart.curve("", values.get(i), COLORS.get(i), false);
        }
        chart.draw(svg, new Chart.Frame(left, TOP, PANEL_WIDTH, PANEL_HEIGHT));
        double at = left + PANEL_WIDTH / 2 - 62 * legend.size();
        double below = TOP + PANEL_HEIGHT + 68;
        for (int i = 0; i < legend.size(); i++) {
            svg.line(at + 124 * i, below, at + 124 * i + 26, below, COLORS.get(i), 2.5);
            svg.text(at + 124 * i + 33, below + 5, 13.5, "start", INK, legend.get(i));
        }
    }
}
