package io.github.resdensenet.compare;

import io.github.resdensenet.eval.McNemar;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.statistics.inference.TTest;

/**
 * A paired comparison of two rows that differ in either the model or the recipe, over the same seeds and test images.
 *
 * @param first first row
 * @param second second row
 * @param difference accuracy of the first row minus accuracy of the second: mean over the seeds with its interval
 * @param tP two-sided p-value of the paired t-test over the seeds; NaN for one seed or if all differences are equal
 * @param perSeed McNemar's test per seed
 * @param pooled McNemar's test on the summed counts of all seeds; its p-value is slightly too small because the test
 *     sets of different seeds overlap
 * @param holm p-value of the pooled test, corrected for the number of pairs (S. Holm, 1979)
 * @param equivalenceP p-value of {@link Equivalence} over the seeds, corrected in the same way; NaN if it was not tested
 */
record Pair(
        Row first,
        Row second,
        MeanInterval difference,
        double tP,
        List<McNemar> perSeed,
        McNemar pooled,
        double holm,
        double equivalenceP) {
    private static final double LEVEL = 0.05;

    /** Result of the tests together. */
    enum Outcome {
        FIRST_BETTER,
        SECOND_BETTER,
        /** The difference is smaller than the margin. */
        EQUIVALENT,
        /** Only one of the two tests is significant, or the tests disagree in direction. */
        UNSURE,
        NOT_TOLD_APART
    }

    /**
     * All pairs of rows that differ in either the model or the recipe and have different training runs.
     *
     * @param margin difference of accuracy below which models are equivalent, as a fraction; 0 for no test
     */
    static List<Pair> of(List<Row> rows, double margin) {
        List<Pair> raw = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            for (int j = i + 1; j < rows.size(); j++) {
                Row a = rows.get(i);
                Row b = rows.get(j);
                boolean comparable = a.recipe().equals(b.recipe()) != a.title().equals(b.title());
                if (comparable && !a.runs().equals(b.runs())) {
                    raw.add(of(a, b, margin));
                }
            }
        }
        List<Double> corrected = holm(raw.stream().map(pair -> pair.pooled.p()).toList());
        boolean tested = raw.stream().noneMatch(pair -> Double.isNaN(pair.equivalenceP));
        List<Double> equivalence =
                tested ? holm(raw.stream().map(pair -> pair.equivalenceP).toList()) : List.of();
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < raw.size(); i++) {
            Pair p = raw.get(i);
            pairs.add(new Pair(
                    p.first,
                    p.second,
                    p.difference,
                    p.tP,
                    p.perSeed,
                    p.pooled,
                    corrected.get(i),
                    tested ? equivalence.get(i) : Double.NaN));
        }
        return pairs;
    }

    private static Pair of(Row a, Row b, double margin) {
        List<Double> differences = new ArrayList<>();
        List<McNemar> tests = new ArrayList<>();
        for (int seed = 0; seed < a.predictions().size(); seed++) {
            McNemar test = McNemar.of(
                    a.predictions().get(seed).correct(),
                    b.predictions().get(seed).correct());
            tests.add(test);
            differences.add((double) (test.onlyFirst() - test.onlySecond())
                    / a.predictions().get(seed).answers().size());
        }
        return new Pair(
                a,
                b,
                MeanInterval.of(differences),
                tTest(differences),
                tests,
                McNemar.pooled(tests),
                1,
                Equivalence.p(differences, margin));
    }

    /** Two-sided p-value of the t-test that the mean difference is 0; NaN if all differences are equal. */
    static double tTest(List<Double> differences) {
        double[] values = differences.stream().mapToDouble(Double::doubleValue).toArray();
        boolean spread = differences.stream().distinct().count() > 1;
        return spread ? TTest.withDefaults().test(values).getPValue() : Double.NaN;
    }

    /** Holm-corrected p-values, which control the family-wise error rate of several tests. */
    static List<Double> holm(List<Double> pValues) {
        int n = pValues.size();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            order.add(i);
        }
        order.sort((i, j) -> Double.compare(pValues.get(i), pValues.get(j)));
        Double[] corrected = new Double[n];
        double floor = 0;
        for (int rank = 0; rank < n; rank++) {
            int i = order.get(rank);
            floor = Math.max(floor, Math.min(1, (n - rank) * pValues.get(i)));
            corrected[i] = floor;
        }
        return List.of(corrected);
    }

    /** Result of the tests at the 5% level. */
    Outcome outcome() {
        if (equivalenceP < LEVEL) {
            return Outcome.EQUIVALENT;
        }
        boolean bySeeds = tP < LEVEL;
        boolean byImages = holm < LEVEL;
        int sign = Integer.compare(pooled.onlyFirst(), pooled.onlySecond());
        if (bySeeds && byImages && sign * difference.mean() > 0) {
            return sign > 0 ? Outcome.FIRST_BETTER : Outcome.SECOND_BETTER;
        }
        return bySeeds || byImages ? Outcome.UNSURE : Outcome.NOT_TOLD_APART;
    }

    /** The pair with first and second exchanged. */
    Pair swapped() {
        return new Pair(
                second,
                first,
                new MeanInterval(-difference.mean(), difference.halfWidth(), difference.standardError()),
                tP,
                perSeed.stream()
                        .map(t -> new McNemar(t.onlySecond(), t.onlyFirst()))
                        .toList(),
                new McNemar(pooled.onlySecond(), pooled.onlyFirst()),
                holm,
                equivalenceP);
    }
}
