package io.github.resdensenet.compare;

import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/** Two one-sided paired t-tests (TOST; D. J. Schuirmann, 1987) that a mean difference is smaller than a margin. */
final class Equivalence {
    private Equivalence() {}

    /**
     * Returns the larger p-value of the two tests.
     *
     * @param differences one difference per seed
     * @param margin the largest difference that counts as none, in the same unit
     * @return 0 to 1; NaN for a margin of 0 or a single difference
     */
    static double p(List<Double> differences, double margin) {
        MeanInterval mean = MeanInterval.of(differences);
        if (margin == 0 || !mean.isKnown()) {
            return Double.NaN;
        }
        double room = margin - Math.abs(mean.mean());
        double error = mean.standardError();
        if (error == 0) {
            return room > 0 ? 0 : 1;
        }
        return TDistribution.of(differences.size() - 1.0).survivalProbability(room / error);
    }
}
