package io.github.resdensenet.compare;

import java.util.List;
import org.apache.commons.statistics.inference.BinomialTest;

/**
 * The exact test of Q. McNemar (1947): do two models err equally often on the same pictures?
 *
 * @param onlyFirst pictures that the first alone has right
 * @param onlySecond pictures that the second alone has right
 */
record McNemar(int onlyFirst, int onlySecond) {
    static McNemar of(Predictions first, Predictions second) {
        int onlyFirst = 0;
        int onlySecond = 0;
        for (int i = 0; i < first.answers().size(); i++) {
            boolean a = first.answers().get(i).isRight();
            boolean b = second.answers().get(i).isRight();
            onlyFirst += a && !b ? 1 : 0;
            onlySecond += b && !a ? 1 : 0;
        }
        return new McNemar(onlyFirst, onlySecond);
    }

    /** The counts of several tests together. */
    static McNemar pooled(List<McNemar> tests) {
        return new McNemar(
                tests.stream().mapToInt(McNemar::onlyFirst).sum(),
                tests.stream().mapToInt(McNemar::onlySecond).sum());
    }

    /** Two-sided probability of counts at least as uneven if both models err equally often. */
    double p() {
        int n = onlyFirst + onlySecond;
        return n == 0 ? 1 : BinomialTest.withDefaults().test(n, onlyFirst, 0.5).getPValue();
    }
}
