package io.github.resdensenet.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Figures that follow from true and predicted classes: precision, recall and F1, each 0 where its denominator is 0, of
 * every class and averaged as scikit-learn does. A class that is neither there nor predicted is in no average; balanced
 * accuracy is the mean recall of the classes that are there. For ordered classes also Cohen's kappa with quadratic
 * weights, 1 - sum of squared differences / what is expected of independent answers with these margins.
 */
final class ConfusionFigures implements Family {
    private static final int AVERAGED = 3;

    private final int classes;
    private final int[] truth;
    private final int[] predicted;
    private final boolean ordinal;
    private final List<Quantity> quantities = new ArrayList<>();
    private final List<Share> shares = new ArrayList<>();

    ConfusionFigures(int classes, int[] truth, int[] predicted, boolean ordinal) {
        this.classes = classes;
        this.truth = truth;
        this.predicted = predicted;
        this.ordinal = ordinal;
        int[] ones = new int[truth.length];
        Arrays.fill(ones, 1);
        Counts all = new Counts(ones);
        Share accuracy = new Share(all.allHits, all.n);
        add("balanced_accuracy", WHOLE, Share.NONE);
        for (String average : List.of("macro", "micro", "weighted")) {
            for (String what : List.of("precision", "recall", "f1")) {
                // With one class a picture, micro averages and the weighted recall are the accuracy.
                boolean isAccuracy = average.equals("micro") || (average.equals("weighted") && what.equals("recall"));
                add(average + "_" + what, WHOLE, isAccuracy ? accuracy : Share.NONE);
            }
        }
        for (int c = 0; c < classes; c++) {
            add("precision", c, new Share(all.hits[c], all.predictions[c]));
            add("recall", c, new Share(all.hits[c], all.pictures[c]));
            add("f1", c, Share.NONE);
        }
        if (ordinal) {
            quantities.add(new Quantity(
                    "quadratic_weighted_kappa", WHOLE, "one and the same class is true and predicted everywhere"));
            shares.add(Share.NONE);
        }
    }

    private void add(String name, int c, Share share) {
        String undefined = name.equals("precision") ? "the class is never predicted" : "no picture is of the class";
        quantities.add(new Quantity(name, c, undefined));
        shares.add(share);
    }

    /** Pictures, predictions and hits of each class. */
    private final class Counts {
        final long[] pictures = new long[classes];
        final long[] predictions = new long[classes];
        final long[] hits = new long[classes];
        long n;
        long allHits;
        double squares;

        Counts(int[] times) {
            for (int i = 0; i < truth.length; i++) {
                int t = truth[i];
                int p = predicted[i];
                pictures[t] += times[i];
                predictions[p] += times[i];
                n += times[i];
                if (t == p) {
                    hits[t] += times[i];
                    allHits += times[i];
                } else {
                    squares += (double) times[i] * (t - p) * (t - p);
                }
            }
        }

        double kappa() {
            double truths = 0;
            double answers = 0;
            double squaresOfBoth = 0;
            for (int c = 0; c < classes; c++) {
                truths += (double) pictures[c] * c;
                answers += (double) predictions[c] * c;
                squaresOfBoth += ((double) pictures[c] + predictions[c]) * c * c;
            }
            double expected = squaresOfBoth * n - 2 * truths * answers; // n times
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
        int there = 0;
        int thereOrPredicted = 0;
        int next = at + 1 + 3 * AVERAGED;
        for (int c = 0; c < classes; c++) {
            long actual = counts.pictures[c];
            long answers = counts.predictions[c];
            double[] scores = {
                share(counts.hits[c], answers),
                share(counts.hits[c], actual),
                share(2 * counts.hits[c], answers + actual)
            };
            there += actual > 0 ? 1 : 0;
            thereOrPredicted += actual + answers > 0 ? 1 : 0;
            recalls += scores[1];
            for (int s = 0; s < AVERAGED; s++) {
                macro[s] += scores[s];
                weighted[s] += scores[s] * actual;
                into[next++] = scores[s];
            }
        }
        if (ordinal) {
            into[next] = counts.kappa();
        }
        into[at] = recalls / there;
        for (int s = 0; s < AVERAGED; s++) {
            into[at + 1 + s] = macro[s] / thereOrPredicted;
            into[at + 1 + AVERAGED + s] = (double) counts.allHits / counts.n;
            into[at + 1 + 2 * AVERAGED + s] = weighted[s] / counts.n;
        }
    }

    private static double share(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    @Override
    public Share share(int i) {
        return shares.get(i);
    }
}
