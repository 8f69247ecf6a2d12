package io.github.resdensenet.explain;

import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A check of how faithful an attribution map is to the model. Deletion and insertion test whether the probability of
 * the class follows the map (V. Petsiuk et al., "RISE", BMVC 2018). Random weights test whether the map depends on what
 * the model has learned (J. Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018).
 *
 * @param target name of the explained class
 * @param marksSomething whether the map contains any evidence for the class
 * @param deletion probability of the class while squares of the image are hidden, those with the highest values first
 * @param insertion probability of the class while squares are shown on the baseline colour, those with the highest
 *     values first
 * @param correlations Spearman's rank correlations between the map and the maps of the same architecture with random
 *     initialisation
 */
public record FaithfulnessCheck(
        String target, boolean marksSomething, Curve deletion, Curve insertion, List<Double> correlations) {
    /** The random-weights check fails at this mean rank correlation or above. */
    public static final double SAME_MAP = 0.5;

    /**
     * Probabilities of the class, 0 to 1, in equal steps from no squares to all squares.
     *
     * @param map probabilities in the order of the map
     * @param random probabilities in random orders, at least one, for comparison
     */
    public record Curve(List<Double> map, List<List<Double>> random) {
        /** Copies the lists. */
        public Curve {
            map = List.copyOf(map);
            random = random.stream().map(List::copyOf).toList();
        }

        /** Area under the curve of the map, which is the mean probability, 0 to 1. */
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

    /** Copies the list. */
    public FaithfulnessCheck {
        correlations = List.copyOf(correlations);
    }

    /** Whether deletion in the order of the map lowers the probability more than in every random order. */
    public boolean deletionHolds() {
        return deletion.area() < Collections.min(deletion.randomAreas());
    }

    /** Whether insertion in the order of the map raises the probability more than in every random order. */
    public boolean insertionHolds() {
        return insertion.area() > Collections.max(insertion.randomAreas());
    }

    /** Mean rank correlation with the maps of the randomly initialised networks, -1 to 1. */
    public double meanCorrelation() {
        return correlations.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    /** Whether the map differs from the maps of randomly initialised networks, see {@link #SAME_MAP}. */
    public boolean weightsMatter() {
        return meanCorrelation() < SAME_MAP;
    }

    /** The results of the three checks in one line, with their metrics. */
    public String verdict() {
        if (!marksSomething) {
            return "Faithfulness check: not possible. The attribution map shows no evidence for " + target + ".";
        }
        int held = (deletionHolds() ? 1 : 0) + (insertionHolds() ? 1 : 0) + (weightsMatter() ? 1 : 0);
        String result = held == 3 ? "passed" : held == 2 && weightsMatter() ? "partly passed" : "failed";
        return String.format(
                Locale.ROOT,
                "Faithfulness check: %s. Deletion: %s (mean probability %s; lower is better). Insertion: %s (mean"
                        + " probability %s; higher is better). Random weights: %s (rank correlation of the maps %.2f;"
                        + " below %.2f required).",
                result,
                passed(deletionHolds()),
                areas(deletion),
                passed(insertionHolds()),
                areas(insertion),
                passed(weightsMatter()),
                meanCorrelation(),
                SAME_MAP);
    }

    private static String passed(boolean holds) {
        return holds ? "passed" : "failed";
    }

    private static String areas(Curve curve) {
        return String.format(
                Locale.ROOT,
                "%.2f, random orders %.2f to %.2f",
                curve.area(),
                Collections.min(curve.randomAreas()),
                Collections.max(curve.randomAreas()));
    }
}
