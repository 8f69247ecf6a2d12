package io.github.resdensenet.eval;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.eval.Evaluation.ClassMetrics;
import io.github.resdensenet.eval.Evaluation.ConfusionMatrix;
import io.github.resdensenet.eval.Evaluation.RocCurve;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Checks labels and probabilities and computes an {@link Evaluation}. */
final class MetricsBuilder {
    /** The clipping limit of probabilities, as in scikit-learn's log_loss. */
    private static final double SMALLEST = Math.ulp(1.0);

    private static final double SUM_TOLERANCE = 1e-6;

    private final List<String> classes;
    private final int[] truth;
    private final double[][] probabilities;
    private final int[] group;
    private final int groups;
    private final boolean ordinal;
    private final int[] predicted;
    private final boolean[] correct;
    private final double[] confidence;
    private final MeanMetrics means;
    private final List<MetricFamily> families = new ArrayList<>();
    private double[] rawConfidence;

    MetricsBuilder(List<String> classes, int[] truth, double[][] probabilities, String[] groupNames, boolean ordinal) {
        check(classes.size(), truth, probabilities, groupNames);
        this.classes = classes;
        this.truth = truth;
        this.probabilities = probabilities;
        this.ordinal = ordinal;
        int n = truth.length;
        predicted = IntStream.range(0, n)
                .map(i -> ModelOutputs.largest(probabilities[i]))
                .toArray();
        correct = new boolean[n];
        confidence = new double[n];
        for (int i = 0; i < n; i++) {
            correct[i] = predicted[i] == truth[i];
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

        means = new MeanMetrics(n).fraction("accuracy", indicator(i -> correct[i]));
        for (int k : new int[] {2, 3, 5}) {
            if (k < classes.size()) {
                means.fraction("top" + k + "_accuracy", indicator(i -> rank(i) < k));
            }
        }
        means.mean("nll", i -> nll(probabilities[i][truth[i]]));
        means.mean("brier", i -> brier(probabilities[i], truth[i]));
        if (ordinal) {
            means.mean("mae", i -> Math.abs(truth[i] - predicted[i]));
            means.fraction("off_by_two_rate", indicator(i -> Math.abs(truth[i] - predicted[i]) >= 2));
        }
        families.add(means);
        families.add(new CalibrationError("ece", confidence, correct));
        families.add(new ConfusionMetrics(classes.size(), truth, predicted, ordinal));
        families.add(new RankingMetrics(classes.size(), truth, probabilities));
    }

    private static IntToDoubleFunction indicator(IntPredicate test) {
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

    /** The rank of the true class, from 0. Of equal probabilities, later classes rank first, as in scikit-learn. */
    private int rank(int i) {
        double[] row = probabilities[i];
        int rank = 0;
        for (int c = 0; c < row.length; c++) {
            rank += row[c] > row[truth[i]] || (row[c] == row[truth[i]] && c > truth[i]) ? 1 : 0;
        }
        return rank;
    }

    /** Adds the metrics of the uncalibrated probabilities. */
    void addRaw(double[][] raw) {
        rawConfidence = new double[raw.length];
        Arrays.setAll(rawConfidence, i -> raw[i][predicted[i]]);
        means.mean("nll_raw", i -> nll(raw[i][truth[i]]));
        families.add(new CalibrationError("ece_raw", rawConfidence, correct));
    }

    /** Adds the loss of the training loop. */
    void addLoss(ModelOutputs outputs) {
        means.mean("loss", outputs::smoothedLoss, outputs.lossWeights());
    }

    /** The metrics over all classes by name, without intervals; NaN for undefined metrics. */
    Map<String, Double> values() {
        Map<String, Double> overall = new LinkedHashMap<>();
        double[] values = Bootstrap.measure(families, once());
        int at = 0;
        for (MetricFamily family : families) {
            for (MetricFamily.Quantity quantity : family.quantities()) {
                if (quantity.classIndex() == MetricFamily.ALL_CLASSES) {
                    overall.put(quantity.name(), values[at]);
                }
                at++;
            }
        }
        return overall;
    }

    private int[] once() {
        int[] once = new int[truth.length];
        Arrays.fill(once, 1);
        return once;
    }

    Evaluation evaluation(List<Sample> samples, Temperature temperature) {
        double[] values = Bootstrap.measure(families, once());
        Bootstrap bootstrap = Bootstrap.of(families, group, groups, Evaluation.DRAWS);
        Map<String, Metric> overall = new LinkedHashMap<>();
        List<Map<String, Metric>> ofClass = new ArrayList<>();
        classes.forEach(name -> ofClass.add(new LinkedHashMap<>()));
        int at = 0;
        for (MetricFamily family : families) {
            for (int i = 0; i < family.quantities().size(); i++) {
                MetricFamily.Quantity quantity = family.quantities().get(i);
                Optional<Interval> drawn =
                        family.isBiasedUpward() ? bootstrap.mirrored(at, values[at]) : bootstrap.interval(at);
                Metric metric = metric(quantity, values[at], family.proportion(i), drawn);
                (quantity.classIndex() == MetricFamily.ALL_CLASSES ? overall : ofClass.get(quantity.classIndex()))
                        .put(quantity.name(), metric);
                at++;
            }
        }
        ConfusionMatrix confusion = ConfusionMatrix.of(classes.size(), truth, predicted);
        List<ClassMetrics> perClass = IntStream.range(0, classes.size())
                .mapToObj(c -> ofClass(classes.get(c), confusion.images(c), ofClass.get(c)))
                .toList();
        return new Evaluation(
                classes,
                ordinal,
                samples,
                Arrays.stream(truth).boxed().toList(),
                Evaluation.boxed(probabilities),
                temperature,
                grouped() ? groups : 0,
                List.copyOf(overall.values()),
                perClass,
                confusion,
                Reliability.of(confidence, correct),
                Reliability.of(rawConfidence, correct),
                IntStream.range(0, classes.size())
                        .mapToObj(c -> RocCurve.of(c, truth, probabilities))
                        .toList());
    }

    private Metric metric(
            MetricFamily.Quantity quantity,
            double value,
            MetricFamily.Proportion proportion,
            Optional<Interval> drawn) {
        if (Double.isNaN(value)) {
            return new Metric(quantity.name(), OptionalDouble.empty(), Optional.empty(), quantity.undefined());
        }
        if (proportion.n() == 0) {
            return new Metric(quantity.name(), OptionalDouble.of(value), Optional.empty(), quantity.undefined());
        }
        Optional<Interval> interval = proportion.n() > 0 ? Optional.of(interval(quantity, proportion, drawn)) : drawn;
        return new Metric(
                quantity.name(),
                OptionalDouble.of(value),
                interval,
                interval.isPresent() ? "" : "too few images: bootstrap draws are undefined or all equal");
    }

    /**
     * The interval of a proportion: the Wilson interval, or the bootstrap interval if images have groups. A proportion
     * of 0 or 1 has no bootstrap interval, because all draws are equal. Its interval is Wilson's with one trial per
     * group that has images of the proportion.
     */
    private Interval interval(
            MetricFamily.Quantity quantity, MetricFamily.Proportion proportion, Optional<Interval> drawn) {
        if (!grouped()) {
            return Interval.wilson(proportion.successes(), proportion.n());
        }
        long n = groupsOf(quantity);
        return drawn.orElseGet(
                () -> Interval.wilson(Math.round((double) proportion.successes() / proportion.n() * n), n));
    }

    /** The number of groups with images that a proportion is about. */
    private long groupsOf(MetricFamily.Quantity quantity) {
        int c = quantity.classIndex();
        int[] classOf = quantity.name().equals("precision") ? predicted : truth;
        return IntStream.range(0, truth.length)
                .filter(i -> c == MetricFamily.ALL_CLASSES || classOf[i] == c)
                .map(i -> group[i])
                .distinct()
                .count();
    }

    private boolean grouped() {
        return groups < truth.length;
    }

    private static ClassMetrics ofClass(String name, int n, Map<String, Metric> metrics) {
        Function<String, Metric> metric = key -> Objects.requireNonNull(metrics.get(key));
        return new ClassMetrics(
                name,
                n,
                metric.apply("precision"),
                metric.apply("recall"),
                metric.apply("f1"),
                metric.apply("roc_auc"),
                metric.apply("average_precision"));
    }

    private static void check(int classes, int[] truth, double[][] probabilities, String[] groups) {
        require(truth.length > 0, "expected at least one image, got none");
        require(
                probabilities.length == truth.length,
                "probabilities must have one row per image: expected " + truth.length + ", got "
                        + probabilities.length);
        require(
                groups.length == 0 || groups.length == truth.length,
                "groups must have one name per image: expected " + truth.length + ", got " + groups.length);
        for (int i = 0; i < truth.length; i++) {
            require(
                    truth[i] >= 0 && truth[i] < classes,
                    "the true class of image " + i + " must be 0 to " + (classes - 1) + ", got " + truth[i]);
            require(
                    probabilities[i].length == classes,
                    "probabilities of image " + i + " must have one value per class: expected " + classes + ", got "
                            + probabilities[i].length);
            double sum = 0;
            for (double p : probabilities[i]) {
                require(p >= 0 && p <= 1, "probabilities of image " + i + " must be 0 to 1, got " + p);
                sum += p;
            }
            require(
                    Math.abs(sum - 1) <= SUM_TOLERANCE,
                    "probabilities of image " + i + " must add up to 1, got " + sum);
        }
    }

    private static void require(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
