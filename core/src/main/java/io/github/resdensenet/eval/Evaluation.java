package io.github.resdensenet.eval;

import io.github.resdensenet.data.ImageFolder.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The evaluation of a classifier on a set of images: metrics with 95% confidence intervals, the confusion matrix and
 * curves.
 *
 * <p>Metrics of probabilities use the calibrated probabilities:
 *
 * <ul>
 *   <li>"nll" is the mean negative log-likelihood of the true class. Probabilities are clipped at 2^-52.
 *   <li>"brier" is the Brier score, 0 to 2: the mean over images of the sum over classes of (probability - target)^2.
 *   <li>"ece" is the expected calibration error over the bins of {@link Reliability}.
 *   <li>"nll_raw" and "ece_raw" use the uncalibrated probabilities.
 *   <li>"loss" is the loss of the training loop: uncalibrated, with label smoothing, averaged over batches.
 *   <li>"top2_accuracy", "top3_accuracy" and "top5_accuracy" are computed if there are more classes than that. Of equal
 *       probabilities, the later class ranks first, as in scikit-learn.
 * </ul>
 *
 * <p>Proportions have Wilson intervals. Other metrics have bootstrap intervals: the middle 95% of {@value #DRAWS} draws
 * of the images. "ece" and "ece_raw" have an upward bias, so their intervals are mirrored at the value. If the images
 * have groups, all intervals come from draws of whole groups.
 *
 * @param classes class names by index
 * @param ordinal whether the classes are ordinal, in this order
 * @param samples the images; empty if only labels and probabilities are known
 * @param truth true class index of each image
 * @param probabilities calibrated probabilities, one row per image with one value per class
 * @param temperature the temperature of the calibration
 * @param groups number of groups drawn for the intervals; 0 if the images are not grouped
 * @param metrics the metrics over all classes
 * @param perClass the metrics of each class, in class order
 * @param confusion the confusion matrix
 * @param reliability the reliability diagram of the calibrated probabilities
 * @param rawReliability the reliability diagram of the uncalibrated probabilities
 * @param rocCurves the ROC curve of each class, in class order
 */
public record Evaluation(
        List<String> classes,
        boolean ordinal,
        List<Sample> samples,
        List<Integer> truth,
        List<List<Double>> probabilities,
        Temperature temperature,
        int groups,
        List<Metric> metrics,
        List<ClassMetrics> perClass,
        ConfusionMatrix confusion,
        Reliability reliability,
        Reliability rawReliability,
        List<RocCurve> rocCurves) {
    /** Number of bootstrap draws. */
    public static final int DRAWS = 1000;

    /** Copies the lists. */
    public Evaluation {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
        truth = List.copyOf(truth);
        probabilities = List.copyOf(probabilities);
        metrics = List.copyOf(metrics);
        perClass = List.copyOf(perClass);
        rocCurves = List.copyOf(rocCurves);
    }

    /**
     * Evaluates the outputs of a model.
     *
     * @param temperature the calibration of the model
     * @param ordinal whether the classes are ordinal, in this order
     * @throws ArithmeticException if a logit is not finite; the message names the image
     */
    public static Evaluation of(ModelOutputs outputs, Temperature temperature, boolean ordinal) {
        outputs.requireFinite();
        MetricsBuilder builder = new MetricsBuilder(
                outputs.classes(),
                outputs.truth(),
                outputs.probabilities(temperature),
                outputs.groups().toArray(String[]::new),
                ordinal);
        builder.addRaw(outputs.probabilities(Temperature.NONE));
        builder.addLoss(outputs);
        return builder.evaluation(outputs.samples(), temperature);
    }

    /**
     * Evaluates predicted probabilities.
     *
     * @param classes class names by index
     * @param truth true class index of each image
     * @param probabilities one row per image with one value per class, 0 to 1, adding up to 1
     * @param groups the group of each image; null if the images are not grouped
     * @param ordinal whether the classes are ordinal, in this order
     * @throws IllegalArgumentException if a size or value is invalid; the message names the image
     */
    public static Evaluation of(
            List<String> classes, int[] truth, double[][] probabilities, String @Nullable [] groups, boolean ordinal) {
        MetricsBuilder builder =
                new MetricsBuilder(classes, truth, probabilities, groups == null ? new String[0] : groups, ordinal);
        return builder.evaluation(List.of(), Temperature.NONE);
    }

    /** Returns the same evaluation with its images. */
    public Evaluation withSamples(List<Sample> images) {
        return new Evaluation(
                classes,
                ordinal,
                images,
                truth,
                probabilities,
                temperature,
                groups,
                metrics,
                perClass,
                confusion,
                reliability,
                rawReliability,
                rocCurves);
    }

    /** Number of images. */
    public int n() {
        return truth.size();
    }

    /** The predicted class of image {@code i}: the first class with the highest probability. */
    public int predicted(int i) {
        return ModelOutputs.largest(
                probabilities.get(i).stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** The confidence for image {@code i}: the probability of the predicted class. */
    public double confidence(int i) {
        return probabilities.get(i).get(predicted(i));
    }

    /**
     * A metric over all classes.
     *
     * @param name the name, for instance "macro_f1"
     * @throws IllegalArgumentException if there is no metric with this name
     */
    public Metric metric(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("metric must be one of "
                        + metrics.stream().map(Metric::name).toList() + ", got " + name));
    }

    private Optional<Metric> find(String name) {
        return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
    }

    /** The accuracy: the fraction of correct predictions. */
    public double accuracy() {
        return metric("accuracy").orNaN();
    }

    /** The 95% interval of the accuracy. */
    public Interval accuracyInterval() {
        return metric("accuracy").ci95().orElseThrow();
    }

    /**
     * The loss as the training loop reports it: the mean over batches of the mean loss, with label smoothing. NaN if
     * the evaluation was made from probabilities.
     */
    public double loss() {
        return find("loss").map(Metric::orNaN).orElse(Double.NaN);
    }

    /** The mean negative log-likelihood of the true class, calibrated and without label smoothing. */
    public double nll() {
        return metric("nll").orNaN();
    }

    /**
     * The evaluation as lines of text: the two lines of the article, all metrics with their intervals, a table of the
     * classes and the confusion matrix.
     *
     * @param title display name of the architecture
     * @param split the evaluated subset: train, val, test or all
     */
    public List<String> lines(String title, String split) {
        return EvaluationText.lines(this, title, split);
    }

    /**
     * The evaluation as fields of a JSON object. Each metric X is followed by X_ci95, [low, high]. Values and intervals
     * that are undefined are null, and "reasons" says why.
     *
     * @param split the evaluated subset: train, val, test or all
     */
    public Map<String, Object> json(String split) {
        return EvaluationText.json(this, split);
    }

    /** The predictions as CSV, one line per image: path, true class, predicted class and calibrated probabilities. */
    public String csv() {
        return EvaluationText.csv(this);
    }

    static List<List<Double>> boxed(double[][] rows) {
        return IntStream.range(0, rows.length)
                .mapToObj(i -> Arrays.stream(rows[i]).boxed().toList())
                .toList();
    }

    /**
     * The metrics of a class.
     *
     * @param name name of the class
     * @param n number of images of the class
     * @param precision fraction of the predictions of the class that are correct; 0 if the class is never predicted
     * @param recall fraction of the images of the class that are predicted correctly; 0 if there are none
     * @param f1 harmonic mean of precision and recall; 0 without images and predictions
     * @param rocAuc area under the ROC curve, the class against the rest
     * @param averagePrecision average precision, the class against the rest
     */
    public record ClassMetrics(
            String name, int n, Metric precision, Metric recall, Metric f1, Metric rocAuc, Metric averagePrecision) {}

    /**
     * The confusion matrix.
     *
     * @param counts number of images; rows are true classes, columns are predicted classes
     */
    public record ConfusionMatrix(List<List<Integer>> counts) {
        /** Counts pairs of true and predicted class indices. */
        public static ConfusionMatrix of(int classes, int[] truth, int[] predicted) {
            int[][] counts = new int[classes][classes];
            for (int i = 0; i < truth.length; i++) {
                counts[truth[i]][predicted[i]]++;
            }
            List<List<Integer>> rows = new ArrayList<>();
            for (int[] row : counts) {
                rows.add(Arrays.stream(row).boxed().toList());
            }
            return new ConfusionMatrix(List.copyOf(rows));
        }

        /** Number of images. */
        public int total() {
            return counts.stream()
                    .flatMap(List::stream)
                    .mapToInt(Integer::intValue)
                    .sum();
        }

        /** Number of images of class {@code c}. */
        public int images(int c) {
            return counts.get(c).stream().mapToInt(Integer::intValue).sum();
        }

        /** Number of correct predictions: the sum of the diagonal. */
        public int correct() {
            int correct = 0;
            for (int c = 0; c < counts.size(); c++) {
                correct += counts.get(c).get(c);
            }
            return correct;
        }
    }

    /**
     * The ROC curve of one class against the rest, for drawing.
     *
     * @param points points from (0, 0) to (1, 1), at most about {@value #MAX_POINTS}; empty if the class or all other
     *     classes have no images
     */
    public record RocCurve(List<Point> points) {
        /** The approximate maximum number of points. */
        static final int MAX_POINTS = 200;

        /**
         * A point of the curve: the rates if images with at least the threshold are predicted as the class.
         *
         * @param falsePositiveRate fraction of the images of other classes that are predicted as the class
         * @param truePositiveRate fraction of the images of the class that are predicted as the class
         * @param threshold the threshold of the class's probability; infinite at (0, 0)
         */
        public record Point(double falsePositiveRate, double truePositiveRate, double threshold) {}

        /** Copies the list. */
        public RocCurve {
            points = List.copyOf(points);
        }

        static RocCurve of(int c, int[] truth, double[][] probabilities) {
            int[] order = RankingMetrics.descending(probabilities, c);
            double positives = 0;
            for (int t : truth) {
                positives += t == c ? 1 : 0;
            }
            double negatives = truth.length - positives;
            if (positives == 0 || negatives == 0) {
                return new RocCurve(List.of());
            }
            List<Point> points = new ArrayList<>(List.of(new Point(0, 0, Double.POSITIVE_INFINITY)));
            double found = 0;
            int bucket = 0;
            for (int i = 0; i < order.length; i++) {
                found += truth[order[i]] == c ? 1 : 0;
                double p = probabilities[order[i]][c];
                boolean last = i + 1 == order.length;
                if (!last && probabilities[order[i + 1]][c] == p) {
                    continue;
                }
                Point point = new Point((i + 1 - found) / negatives, found / positives, p);
                int at = (int) ((point.falsePositiveRate + point.truePositiveRate) / 2 * MAX_POINTS);
                if (last || at > bucket || order.length < MAX_POINTS) { // evenly spaced along the curve
                    points.add(point);
                    bucket = at;
                }
            }
            return new RocCurve(points);
        }
    }
}
