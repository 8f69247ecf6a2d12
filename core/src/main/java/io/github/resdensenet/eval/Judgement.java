package io.github.resdensenet.eval;

import io.github.resdensenet.data.ImageSample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Comes from checked numbers to an {@link Evaluation}. */
final class Judgement {
    /** Where scikit-learn's log_loss clips. */
    private static final double SMALLEST = Math.ulp(1.0);

    private static final double SUM_TOLERANCE = 1e-6;

    private final List<String> classes;
    private final int[] truth;
    private final double[][] probabilities;
    private final int[] group;
    private final int groups;
    private final boolean ordinal;
    private final int[] predicted;
    private final boolean[] right;
    private final double[] confidence;
    private final MeanFigures means;
    private final List<Family> families = new ArrayList<>();
    private double[] rawConfidence;

    Judgement(List<String> classes, int[] truth, double[][] probabilities, String[] groupNames, boolean ordinal) {
        check(classes.size(), truth, probabilities, groupNames);
        this.classes = classes;
        this.truth = truth;
        this.probabilities = probabilities;
        this.ordinal = ordinal;
        int n = truth.length;
        predicted = IntStream.range(0, n)
                .map(i -> Answers.largest(probabilities[i]))
                .toArray();
        right = new boolean[n];
        confidence = new double[n];
        for (int i = 0; i < n; i++) {
            right[i] = predicted[i] == truth[i];
            confidence[i] = probabilities[i][predicted[i]];
        }
        rawConfidence = confidence;
        Map<String, Integer> numbers = new LinkedHashMap<>();
        for (String name : groupNames) {
            numbers.putIfAbsent(name, numbers.size());
        }
        group = groupNames.length == 0
                ? IntStream.range(0, n).toArray()
                : Arrays.stream(groupNames).mapToInt(numbers::get).toArray();
        groups = groupNames.length == 0 ? n : numbers.size();

        means = new MeanFigures(n).share("accuracy", hit(i -> right[i]));
        for (int k : new int[] {2, 3, 5}) {
            if (k < classes.size()) {
                means.share("top" + k + "_accuracy", hit(i -> before(i) < k));
            }
        }
        means.mean("nll", i -> nll(probabilities[i][truth[i]]));
        means.mean("brier", i -> brier(probabilities[i], truth[i]));
        if (ordinal) {
            means.mean("mae", i -> Math.abs(truth[i] - predicted[i]));
            means.share("off_by_two_rate", hit(i -> Math.abs(truth[i] - predicted[i]) >= 2));
        }
        families.add(means);
        families.add(new CalibrationError("ece", confidence, right));
        families.add(new ConfusionFigures(classes.size(), truth, predicted, ordinal));
        families.add(new RankingFigures(classes.size(), truth, probabilities));
    }

    private static IntToDoubleFunction hit(IntPredicate test) {
        return i -> test.test(i) ? 1 : 0;
    }

    private static double nll(double p) {
        return -Math.log(Math.min(Math.max(p, SMALLEST), 1 - SMALLEST));
    }

    private static double brier(double[] row, int t) {
        double sum = 0;
        for (int c = 0; c < row.length; c++) {
            double gap = row[c] - (c == t ? 1 : 0);
            sum += gap * gap;
        }
        return sum;
    }

    /** How many classes come before the true one; of equals the later, as in scikit-learn. */
    private int before(int i) {
        double[] row = probabilities[i];
        int before = 0;
        for (int c = 0; c < row.length; c++) {
            before += row[c] > row[truth[i]] || (row[c] == row[truth[i]] && c > truth[i]) ? 1 : 0;
        }
        return before;
    }

    /** Adds what the answers are worth without calibration. */
    void addRaw(double[][] raw) {
        rawConfidence = new double[raw.length];
        Arrays.setAll(rawConfidence, i -> raw[i][predicted[i]]);
        means.mean("nll_raw", i -> nll(raw[i][truth[i]]));
        families.add(new CalibrationError("ece_raw", rawConfidence, right));
    }

    /** Adds the training loop's loss. */
    void addLoss(Answers answers) {
        means.mean("loss", answers::smoothedLoss, answers.lossWeights());
    }

    /** The figures of the whole by name, without intervals; NaN where undefined. */
    Map<String, Double> values() {
        Map<String, Double> whole = new LinkedHashMap<>();
        double[] values = Bootstrap.measure(families, once());
        int at = 0;
        for (Family family : families) {
            for (Family.Quantity quantity : family.quantities()) {
                if (quantity.classIndex() == Family.WHOLE) {
                    whole.put(quantity.name(), values[at]);
                }
                at++;
            }
        }
        return whole;
    }

    private int[] once() {
        int[] once = new int[truth.length];
        Arrays.fill(once, 1);
        return once;
    }

    Evaluation evaluation(List<ImageSample> samples, Temperature temperature) {
        double[] values = Bootstrap.measure(families, once());
        Bootstrap bootstrap = Bootstrap.of(families, group, groups, Evaluation.DRAWS);
        Map<String, Figure> whole = new LinkedHashMap<>();
        List<Map<String, Figure>> ofClass = new ArrayList<>();
        classes.forEach(name -> ofClass.add(new LinkedHashMap<>()));
        int at = 0;
        for (Family family : families) {
            for (int i = 0; i < family.quantities().size(); i++) {
                Family.Quantity quantity = family.quantities().get(i);
                Optional<Interval> drawn =
                        family.growsByChance() ? bootstrap.mirrored(at, values[at]) : bootstrap.interval(at);
                Figure figure = figure(quantity, values[at], family.share(i), drawn);
                (quantity.classIndex() == Family.WHOLE ? whole : ofClass.get(quantity.classIndex()))
                        .put(quantity.name(), figure);
                at++;
            }
        }
        ConfusionMatrix confusion = ConfusionMatrix.of(classes.size(), truth, predicted);
        List<ClassFigures> perClass = IntStream.range(0, classes.size())
                .mapToObj(c -> ofClass(classes.get(c), confusion.pictures(c), ofClass.get(c)))
                .toList();
        return new Evaluation(
                classes,
                ordinal,
                samples,
                Arrays.stream(truth).boxed().toList(),
                Evaluation.boxed(probabilities),
                temperature,
                grouped() ? groups : 0,
                List.copyOf(whole.values()),
                perClass,
                confusion,
                Reliability.of(confidence, right),
                Reliability.of(rawConfidence, right),
                IntStream.range(0, classes.size())
                        .mapToObj(c -> RocCurve.of(c, truth, probabilities))
                        .toList());
    }

    private Figure figure(Family.Quantity quantity, double value, Family.Share share, Optional<Interval> drawn) {
        if (Double.isNaN(value)) {
            return new Figure(quantity.name(), OptionalDouble.empty(), Optional.empty(), quantity.undefined());
        }
        if (share.n() == 0) {
            return new Figure(quantity.name(), OptionalDouble.of(value), Optional.empty(), quantity.undefined());
        }
        Optional<Interval> interval = share.n() > 0 ? Optional.of(interval(share, drawn)) : drawn;
        return new Figure(
                quantity.name(),
                OptionalDouble.of(value),
                interval,
                interval.isPresent() ? "" : "too few cases: the bootstrap draws have no value, or all the same");
    }

    /** Of a share: of cases that stand for themselves, or as drawn by groups. No draw says how sure all or nothing is. */
    private Interval interval(Family.Share share, Optional<Interval> drawn) {
        if (!grouped()) {
            return Wilson.of(share.hits(), share.n());
        }
        long n = Math.min(groups, share.n());
        return drawn.orElseGet(() -> Wilson.of(Math.round((double) share.hits() / share.n() * n), n));
    }

    private boolean grouped() {
        return groups < truth.length;
    }

    private static ClassFigures ofClass(String name, int n, Map<String, Figure> figures) {
        Figure[] five = figures.values().toArray(Figure[]::new);
        return new ClassFigures(name, n, five[0], five[1], five[2], five[3], five[4]);
    }

    private static void check(int classes, int[] truth, double[][] probabilities, String[] groups) {
        require(truth.length > 0, "there must be at least one picture, got none");
        require(
                probabilities.length == truth.length,
                "probabilities must be one row a picture, got " + probabilities.length + " rows for " + truth.length
                        + " pictures");
        require(
                groups.length == 0 || groups.length == truth.length,
                "groups must be one a picture, got " + groups.length + " for " + truth.length + " pictures");
        for (int i = 0; i < truth.length; i++) {
            require(
                    truth[i] >= 0 && truth[i] < classes,
                    "the true class of picture " + i + " must be 0 to " + (classes - 1) + ", got " + truth[i]);
            require(
                    probabilities[i].length == classes,
                    "probabilities of picture " + i + " must be one a class, got " + probabilities[i].length + " for "
                            + classes + " classes");
            double sum = 0;
            for (double p : probabilities[i]) {
                require(p >= 0 && p <= 1, "probabilities of picture " + i + " must be 0 to 1, got " + p);
                sum += p;
            }
            require(
                    Math.abs(sum - 1) <= SUM_TOLERANCE,
                    "probabilities of picture " + i + " must add up to 1, got " + sum);
        }
    }

    private static void require(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
