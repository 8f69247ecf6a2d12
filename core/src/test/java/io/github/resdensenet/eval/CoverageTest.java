package io.github.resdensenet.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.transforms.KeyedRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How often 95% intervals hold the true value, over many test sets drawn from one known world. */
class CoverageTest {
    private static final List<String> CLASSES = List.of("a", "b", "c");
    private static final double[] SHARES = {0.5, 0.3, 0.2};
    private static final List<String> JUDGED = List.of("accuracy", "macro_f1", "macro_roc_auc");
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
    private static final int WORLD = 300_000;
    private static final int PICTURES = 300;

    /** Pictures of a world in which class c has normal scores around 1.5 for c and 0 for the others. */
    private record Draw(int[] truth, double[][] probabilities) {
        static Draw of(int n, long... key) {
            KeyedRandom random = KeyedRandom.of(key);
            int[] truth = new int[n];
            double[][] p = new double[n][];
            for (int i = 0; i < n; i++) {
                double u = random.nextDouble();
                truth[i] = u < SHARES[0] ? 0 : u < SHARES[0] + SHARES[1] ? 1 : 2;
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
    void intervalsHoldTheTruthAboutAsOftenAsTheySay() {
        coverage(200, JUDGED)
                .forEach((name, share) -> assertThat(share).as(name).isBetween(0.91, 0.985));
    }

    @Test
    @Tag("slow")
    void intervalsHoldTheTruthIn93To97Of100TestSets() {
        Map<String, Double> coverage = coverage(1000, ALL);
        System.out.println("coverage of 95% intervals at n = " + PICTURES + ": " + coverage);
        assertThat(JUDGED).allSatisfy(name -> assertThat(coverage.get(name)).isBetween(0.93, 0.97));
    }

    private static Map<String, Double> coverage(int testSets, List<String> figures) {
        Draw world = Draw.of(WORLD, 1);
        Map<String, Double> truth =
                new Judgement(CLASSES, world.truth, world.probabilities, new String[0], false).values();
        Map<String, Integer> held = new LinkedHashMap<>();
        for (int t = 0; t < testSets; t++) {
            Evaluation e = Draw.of(PICTURES, 2, t).evaluate();
            for (String name : figures) {
                Interval ci = e.figure(name).ci95().orElseThrow();
                double value = truth.get(name);
                held.merge(name, ci.low() <= value && value <= ci.high() ? 1 : 0, Integer::sum);
            }
        }
        Map<String, Double> coverage = new LinkedHashMap<>();
        held.forEach((name, count) -> coverage.put(name, (double) count / testSets));
        return coverage;
    }
}
