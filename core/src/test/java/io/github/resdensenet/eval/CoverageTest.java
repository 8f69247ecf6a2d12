package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.util.KeyedRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Checks how often 95% intervals contain the true value, with many test sets from one known distribution. */
class CoverageTest {
    private static final List<String> CLASSES = List.of("a", "b", "c");
    private static final double[] CLASS_FRACTIONS = {0.5, 0.3, 0.2};
    private static final List<String> CHECKED = List.of("accuracy", "macro_f1", "macro_roc_auc");
    private static final List<String> ALL = List.of(
            "accuracy",
            "top2_accuracy",
            "nll",
            "brier",
            "ece",
            "balanced_accuracy",
            "macro_precision",
            "macro_recall",
            "macro_f1",
            "weighted_precision",
            "weighted_f1",
            "macro_roc_auc",
            "macro_average_precision");
    private static final int POPULATION = 300_000;
    private static final int IMAGES = 300;

    /** Random images. Images of class c have normal scores with mean 1.5 for class c and mean 0 for other classes. */
    private record Draw(int[] truth, double[][] probabilities) {
        static Draw of(int n, long... key) {
            KeyedRandom random = KeyedRandom.of(key);
            int[] truth = new int[n];
            double[][] p = new double[n][];
            for (int i = 0; i < n; i++) {
                double u = random.nextDouble();
                truth[i] = u < CLASS_FRACTIONS[0] ? 0 : u < CLASS_FRACTIONS[0] + CLASS_FRACTIONS[1] ? 1 : 2;
                double[] scores = new double[CLASSES.size()];
                for (int c = 0; c < scores.length; c++) {
                    scores[c] = normal(random) + (c == truth[i] ? 1.5 : 0);
                }
                p[i] = new Temperature(0.6).probabilities(scores);
            }
            return new Draw(truth, p);
        }

        private static double normal(KeyedRandom random) {
            return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
        }

        Evaluation evaluate() {
            return Evaluation.of(CLASSES, truth, probabilities, null, false);
        }
    }

    @Test
    void intervalsContainTrueValueInAbout95PercentOfTestSets() {
        coverage(200, CHECKED)
                .forEach((name, fraction) -> assertThat(fraction).as(name).isBetween(0.91, 0.985));
    }

    @Test
    @Tag("slow")
    void intervalsContainTrueValueIn93To97PercentOfTestSets() {
        Map<String, Double> coverage = coverage(1000, ALL);
        System.out.println("coverage of 95% intervals at n = " + IMAGES + ": " + coverage);
        assertThat(CHECKED).allSatisfy(name -> assertThat(coverage.get(name)).isBetween(0.93, 0.97));
    }

    private static Map<String, Double> coverage(int testSets, List<String> metrics) {
        Draw population = Draw.of(POPULATION, 1);
        Map<String, Double> truth =
                new MetricsBuilder(CLASSES, population.truth, population.probabilities, new String[0], false).values();
        Map<String, Integer> held = new LinkedHashMap<>();
        for (int t = 0; t < testSets; t++) {
            Evaluation e = Draw.of(IMAGES, 2, t).evaluate();
            for (String name : metrics) {
                Interval ci = e.metric(name).ci95().orElseThrow();
                double value = truth.get(name);
                held.merge(name, ci.low() <= value && value <= ci.high() ? 1 : 0, Integer::sum);
            }
        }
        Map<String, Double> coverage = new LinkedHashMap<>();
        held.forEach((name, count) -> coverage.put(name, (double) count / testSets));
        return coverage;
    }
}
