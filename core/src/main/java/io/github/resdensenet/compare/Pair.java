package io.github.resdensenet.compare;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.statistics.inference.TTest;

/**
 * Two rows that differ in one thing, the model or the recipe, over the same seeds and test pictures.
 *
 * @param first one row
 * @param second another
 * @param difference mean of the first's accuracy less the second's, seed by seed, with its interval
 * @param tP two-sided probability of such a mean difference if there were none (paired t-test); NaN where the seeds do
 *     not differ enough to tell
 * @param perSeed McNemar's test, seed by seed
 * @param pooled the same over all seeds; test sets of different seeds overlap, which makes it a little too sure
 * @param holm its probability after S. Holm's (1979) correction for the number of pairs
 */
record Pair(
        Row first, Row second, MeanInterval difference, double tP, List<McNemar> perSeed, McNemar pooled, double holm) {
    private static final double LEVEL = 0.05;

    /** How sure a difference is. */
    enum Outcome {
        FIRST_BETTER,
        SECOND_BETTER,
        /** One of the two tests tells them apart, not both. */
        UNSURE,
        NOT_TOLD_APART
    }

    /** All pairs of rows that differ in one thing and are not the same trainings. */
    static List<Pair> of(List<Row> rows) {
        List<Pair> raw = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            for (int j = i + 1; j < rows.size(); j++) {
                Row a = rows.get(i);
                Row b = rows.get(j);
                boolean oneThing = a.recipe().equals(b.recipe()) != a.title().equals(b.title());
                if (oneThing && !a.runs().equals(b.runs())) {
                    raw.add(of(a, b));
                }
            }
        }
        List<Double> corrected = holm(raw.stream().map(pair -> pair.pooled.p()).toList());
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < raw.size(); i++) {
            Pair p = raw.get(i);
            pairs.add(new Pair(p.first, p.second, p.difference, p.tP, p.perSeed, p.pooled, corrected.get(i)));
        }
        return pairs;
    }

    private static Pair of(Row a, Row b) {
        List<Double> differences = new ArrayList<>();
        List<McNemar> tests = new ArrayList<>();
        for (int seed = 0; seed < a.predictions().size(); seed++) {
            McNemar test = McNemar.of(a.predictions().get(seed), b.predictions().get(seed));
            tests.add(test);
            differences.add((double) (test.onlyFirst() - test.onlySecond())
                    / a.predictions().get(seed).answers().size());
        }
        return new Pair(a, b, MeanInterval.of(differences), tTest(differences), tests, McNemar.pooled(tests), 1);
    }

    /** The paired t-test of differences. */
    static double tTest(List<Double> differences) {
        double[] values = differences.stream().mapToDouble(Double::doubleValue).toArray();
        boolean spread = differences.stream().distinct().count() > 1;
        return spread ? TTest.withDefaults().test(values).getPValue() : Double.NaN;
    }

    /** Probabilities of several tests, corrected so that all of them together err with the chance of one. */
    static List<Double> holm(List<Double> probabilities) {
        int n = probabilities.size();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            order.add(i);
        }
        order.sort((i, j) -> Double.compare(probabilities.get(i), probabilities.get(j)));
        Double[] corrected = new Double[n];
        double floor = 0;
        for (int rank = 0; rank < n; rank++) {
            int i = order.get(rank);
            floor = Math.max(floor, Math.min(1, (n - rank) * probabilities.get(i)));
            corrected[i] = floor;
        }
        return List.of(corrected);
    }

    /** What both tests together say, at 5%. */
    Outcome outcome() {
        boolean bySeeds = tP < LEVEL;
        boolean byPictures = holm < LEVEL;
        int sign = Integer.compare(pooled.onlyFirst(), pooled.onlySecond());
        if (bySeeds && byPictures && sign * difference.mean() > 0) {
            return sign > 0 ? Outcome.FIRST_BETTER : Outcome.SECOND_BETTER;
        }
        return bySeeds || byPictures ? Outcome.UNSURE : Outcome.NOT_TOLD_APART;
    }

    /** The same pair seen from the other side. */
    Pair swapped() {
        return new Pair(
                second,
                first,
                new MeanInterval(-difference.mean(), difference.halfWidth()),
                tP,
                perSeed.stream()
                        .map(t -> new McNemar(t.onlySecond(), t.onlyFirst()))
                        .toList(),
                new McNemar(pooled.onlySecond(), pooled.onlyFirst()),
                holm);
    }
}
