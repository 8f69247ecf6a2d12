package io.github.resdensenet.compare;

import java.util.List;
import org.apache.commons.statistics.inference.BinomialTest;

/**
 * McNemar's exact test (Q. McNemar, 1947): do two models make equally many errors on the same images?
 *
 * @param onlyFirst number of images that only the first model predicts correctly
 * @param onlySecond number of images that only the second model predicts correctly
 */
record McNemar(int onlyFirst, int onlySecond) {
    static McNemar of(Predictions first, Predictions second) {
        int onlyFirst = 0;
        int onlySecond = 0;
        for (int i = 0; i < first.answers().size(); i++) {
            boolean firstCorrect = first.answers().get(i).isCorrect();
            boolean secondCorrect = second.answers().get(i).isCorrect();
            onlyFirst += firstCorrect && !secondCorrect ? 1 : 0;
            onlySecond += secondCorrect && !firstCorrect ? 1 : 0;
        }
        return new McNemar(onlyFirst, onlySecond);
    }

    /** A test on the summed counts of several tests. */
    static McNemar pooled(List<McNemar> tests) {
        return new McNemar(
                tests.stream().mapToInt(McNemar::onlyFirst).sum(),
                tests.stream().mapToInt(McNemar::onlySecond).sum());
    }

    /** Two-sided p-value; 1 if both counts are 0. */
    double p() {
        int n = onlyFirst + onlySecond;
        return n == 0 ? 1 : BinomialTest.withDefaults().test(n, onlyFirst, 0.5).getPValue();
    }
}
