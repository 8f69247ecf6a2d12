package io.github.resdensenet.eval;

import java.util.List;
import org.apache.commons.statistics.inference.BinomialTest;

/**
 * McNemar's exact test (Q. McNemar, 1947): do two models make equally many errors on the same images?
 *
 * @param onlyFirst number of images that only the first model predicts correctly
 * @param onlySecond number of images that only the second model predicts correctly
 */
public record McNemar(int onlyFirst, int onlySecond) {
    /**
     * Compares two models image by image.
     *
     * @param first whether the first model predicts each image correctly
     * @param second the same for the second model
     */
    public static McNemar of(boolean[] first, boolean[] second) {
        int onlyFirst = 0;
        int onlySecond = 0;
        for (int i = 0; i < first.length; i++) {
            onlyFirst += first[i] && !second[i] ? 1 : 0;
            onlySecond += second[i] && !first[i] ? 1 : 0;
        }
        return new McNemar(onlyFirst, onlySecond);
    }

    /** A test on the summed counts of several tests. */
    public static McNemar pooled(List<McNemar> tests) {
        return new McNemar(
                tests.stream().mapToInt(McNemar::onlyFirst).sum(),
                tests.stream().mapToInt(McNemar::onlySecond).sum());
    }

    /** Two-sided p-value; 1 if both counts are 0. */
    public double p() {
        int n = onlyFirst + onlySecond;
        return n == 0 ? 1 : BinomialTest.withDefaults().test(n, onlyFirst, 0.5).getPValue();
    }
}
