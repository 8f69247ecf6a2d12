package io.github.resdensenet.explain;

import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Whether to believe a map: does the class's probability follow what it marks, and does it depend on what was learned?
 *
 * @param target name of the class
 * @param marksSomething whether anything speaks for the class
 * @param deletion the probability while squares of the picture are hidden, the most marked first
 * @param insertion the probability while they are shown on grey, the most marked first
 * @param correlations Spearman's rank correlations of the map with those of the same network with random weights; for the
 *     latter see J. Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018)
 */
public record Sanity(
        String target, boolean marksSomething, Curve deletion, Curve insertion, List<Double> correlations) {
    /** From this mean rank correlation on a map is much the same with random weights. */
    public static final double SAME_MAP = 0.5;

    /**
     * A probability along equal steps from the first square to the last.
     *
     * @param map in the order of the map
     * @param random in random orders, at least one, for comparison
     */
    public record Curve(List<Double> map, List<List<Double>> random) {
        /** Keeps its own lists. */
        public Curve {
            map = List.copyOf(map);
            random = random.stream().map(List::copyOf).toList();
        }

        /** Area under the map's curve, 0 to 1: the mean probability on the way. */
        public double area() {
            return area(map);
        }

        /** Areas under the curves of the random orders. */
        public List<Double> randomAreas() {
            return random.stream().map(Curve::area).toList();
        }

        private static double area(List<Double> curve) {
            double sum = 0;
            for (int i = 1; i < curve.size(); i++) {
                sum += (curve.get(i - 1) + curve.get(i)) / 2;
            }
            return sum / (curve.size() - 1);
        }
    }

    /** Keeps its own list. */
    public Sanity {
        correlations = List.copyOf(correlations);
    }

    /** Whether hiding what is marked costs more probability than each of the random orders. */
    public boolean deletionHolds() {
        return deletion.area() < Collections.min(deletion.randomAreas());
    }

    /** Whether showing what is marked brings more probability than each of the random orders. */
    public boolean insertionHolds() {
        return insertion.area() > Collections.max(insertion.randomAreas());
    }

    /** Mean rank correlation with the maps of random weights. */
    public double meanCorrelation() {
        return correlations.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    /** Whether random weights give another map. */
    public boolean weightsMatter() {
        return meanCorrelation() < SAME_MAP;
    }

    /** The three checks in one line, with their numbers. */
    public String verdict() {
        if (!marksSomething) {
            return "Nothing to believe: no part of the picture speaks for " + target + ".";
        }
        int held = (deletionHolds() ? 1 : 0) + (insertionHolds() ? 1 : 0) + (weightsMatter() ? 1 : 0);
        String answer =
                held == 3 ? "Believe it" : held == 2 && weightsMatter() ? "Half believe it" : "Do not believe it";
        return String.format(
                Locale.ROOT,
                "%s: hiding what it marks first costs %s than random orders (mean probability %s), showing it first brings"
                        + " %s (%s), random weights give %s (rank correlation %.2f).",
                answer,
                deletionHolds() ? "more" : "no more",
                areas(deletion),
                insertionHolds() ? "more" : "no more",
                areas(insertion),
                weightsMatter() ? "another map" : "much the same map",
                meanCorrelation());
    }

    private static String areas(Curve curve) {
        return String.format(
                Locale.ROOT,
                "%.2f against %.2f to %.2f",
                curve.area(),
                Collections.min(curve.randomAreas()),
                Collections.max(curve.randomAreas()));
    }
}
