package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Metrics of true and predicted classes, with the definitions of scikit-learn.
 *
 * <p>Precision, recall and F1 of each class, and their averages; each is 0 if its denominator is 0. In a bootstrap draw
 * without the images that a metric of a class is about, the metric is undefined instead. Macro averages omit
 * classes without images and predictions. Balanced accuracy is the mean recall of the classes with images. For ordinal
 * classes also Cohen's kappa with quadratic weights: 1 - the sum of squared differences / its expectation for
 * independent predictions with the same margins.
 */
final class ConfusionMetrics implements MetricFamily {
    private static final int AVERAGED = 3;

    private final int classes;
    private final int[] truth;
    private final int[] predicted;
    private final boolean ordinal;
    private final List<Quantity> quantities = new ArrayList<>();
    private final List<Proportion> proportions = new ArrayList<>();
    private final Counts all;

    ConfusionMetrics(int classes, int[] truth, int[] predicted, boolean ordinal) {
        this.classes = classes;
        this.truth = truth;
        this.predicted = predicted;
        this.ordinal = ordinal;
        int[] ones = new int[truth.length];
        Arrays.fill(ones, 1);
        all = new Counts(ones);
        Proportion accuracy = new Proportion(all.allCorrect, all.n);
        add("balanced_accuracy", ALL_CLASSES, Proportion.NONE);
        for (String average : List.of("macro", "micro", "weighted")) {
            for (String what : List.of("precision", "recall", "f1")) {
                // With one label per image, micro averages and the weighted recall equal the accuracy.
                boolean isAccuracy = average.equals("micro") || (average.equals("weighted") && what.equals("recall"));
                add(average + "_" + what, ALL_CLASSES, isAccuracy ? accuracy : Proportion.NONE);
            }
        }
        for (int c = 0; c < classes; c++) {
            add("precision", c, new Proportion(all.correct[c], all.predictions[c]));
            add("recall", c, new Proportion(all.correct[c], all.images[c]));
            add("f1", c, Proportion.NONE);
        }
        if (ordinal) {
            quantities.add(new Quantity(
                    "quadratic_weighted_kappa",
                    ALL_CLASSES,
                    "the true and the predicted class are the same for all images"));
            proportions.add(Proportion.NONE);
        }
    }

    private void add(String name, int c, Proportion proportion) {
        String undefined = name.equals("precision") ? "the class is never predicted" : "the class has no images";
        quantities.add(new Quantity(name, c, undefined));
        proportions.add(proportion);
    }

    /** Images, predictions and correct predictions per class. */
    private final class Counts {
        final long[] images = new long[classes];
        final long[] predictions = new long[classes];
        final long[] correct = new long[classes];
        long n;
        long allCorrect;
        double squares;

        Counts(int[] times) {
            for (int i = 0; i < truth.length; i++) {
                int t = truth[i];
                int p = predicted[i];
                images[t] += times[i];
                predictions[p] += times[i];
                n += times[i];
                if (t == p) {
                    correct[t] += times[i];
                    allCorrect += times[i];
                } else {
                    squares += (double) times[i] * (t - p) * (t - p);
                }
            }
        }

        double kappa() {
            double trueSum = 0;
            double predictedSum = 0;
            double squaresOfBoth = 0;
            for (int c = 0; c < classes; c++) {
                trueSum += (double) images[c] * c;
                predictedSum += (double) predictions[c] * c;
                squaresOfBoth += ((double) images[c] + predictions[c]) * c * c;
            }
            double expected = squaresOfBoth * n - 2 * trueSum * predictedSum; // the expected sum times n
            return expected == 0 ? Double.NaN : 1 - squares * n / expected;
        }
    }

    @Override
    public List<Quantity> quantities() {
        return quantities;
    }

    @Override
    public void measure(int[] times, double[] into, int at) {
        Counts counts = new Counts(times);
        double[] macro = new double[AVERAGED];
        double[] weighted = new double[AVERAGED];
        double recalls = 0;
        int withImages = 0;
        int withImagesOrPredictions = 0;
        int next = at + 1 + 3 * AVERAGED;
        for (int c = 0; c < classes; c++) {
            long actual = counts.images[c];
            long predictions = counts.predictions[c];
            double[] scores = {
                ratio(counts.correct[c], predictions),
                ratio(counts.correct[c], actual),
                ratio(2 * counts.correct[c], predictions + actual)
            };
            withImages += actual > 0 ? 1 : 0;
            withImagesOrPredictions += actual + predictions > 0 ? 1 : 0;
            recalls += scores[1];
            boolean[] leftOut = {
                predictions == 0 && all.predictions[c] > 0,
                actual == 0 && all.images[c] > 0,
                predictions + actual == 0 && all.predictions[c] + all.images[c] > 0
            };
            for (int s = 0; s < AVERAGED; s++) {
                macro[s] += scores[s];
                weighted[s] += scores[s] * actual;
                into[next++] = leftOut[s] ? Double.NaN : scores[s];
            }
        }
        if (ordinal) {
            into[next] = counts.kappa();
        }
        into[at] = recalls / withImages;
        for (int s = 0; s < AVERAGED; s++) {
            into[at + 1 + s] = macro[s] / withImagesOrPredictions;
            into[at + 1 + AVERAGED + s] = (double) counts.allCorrect / counts.n;
            into[at + 1 + 2 * AVERAGED + s] = weighted[s] / counts.n;
        }
    }

    private static double ratio(long numerator, long denominator) {
        return denominator == 0 ? 0 : (double) numerator / denominator;
    }

    @Override
    public Proportion proportion(int i) {
        return proportions.get(i);
    }
}
