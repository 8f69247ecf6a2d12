package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * The ROC curve of one class against the rest, for drawing.
 *
 * @param points from (0, 0) to (1, 1), at most about {@value #MOST}; none if the class or all other classes have no
 *     picture
 */
public record RocCurve(List<Point> points) {
    /** Points that are enough to draw. */
    static final int MOST = 200;

    /**
     * A point.
     *
     * @param falsePositiveRate share of the other classes' pictures that are taken for the class
     * @param truePositiveRate share of the class's pictures that are
     * @param threshold smallest probability of the class for which a picture is; infinite at (0, 0)
     */
    public record Point(double falsePositiveRate, double truePositiveRate, double threshold) {}

    /** Keeps its own list. */
    public RocCurve {
        points = List.copyOf(points);
    }

    static RocCurve of(int c, int[] truth, double[][] probabilities) {
        int[] order = RankingFigures.byFalling(probabilities, c);
        double positives = 0;
        for (int t : truth) {
            positives += t == c ? 1 : 0;
        }
        double negatives = truth.length - positives;
        if (positives == 0 || negatives == 0) {
            return new RocCurve(List.of());
        }
        List<Point> points = new ArrayList<>(List.of(new Point(0, 0, Double.POSITIVE_INFINITY)));
        double found = 0;
        int bucket = 0;
        for (int i = 0; i < order.length; i++) {
            found += truth[order[i]] == c ? 1 : 0;
            double p = probabilities[order[i]][c];
            boolean last = i + 1 == order.length;
            if (!last && probabilities[order[i + 1]][c] == p) {
                continue;
            }
            Point point = new Point((i + 1 - found) / negatives, found / positives, p);
            int at = (int) ((point.falsePositiveRate + point.truePositiveRate) / 2 * MOST);
            if (last || at > bucket || order.length < MOST) { // the curve's length is dealt out evenly
                points.add(point);
                bucket = at;
            }
        }
        return new RocCurve(points);
    }
}
