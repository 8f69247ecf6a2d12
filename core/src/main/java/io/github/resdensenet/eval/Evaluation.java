package io.github.resdensenet.eval;

import java.util.List;

/**
 * What a model answered for a list of pictures.
 *
 * @param classes class names by index
 * @param truth true class index of each picture
 * @param probabilities the model's probability of each class, picture by picture
 * @param loss mean over batches of the batches' mean loss, label smoothing included: what the training loop reports
 * @param nll mean negative log-likelihood of the true class over pictures, without smoothing
 */
public record Evaluation(
        List<String> classes, List<Integer> truth, List<List<Double>> probabilities, double loss, double nll) {
    /** Keeps its own lists. */
    public Evaluation {
        classes = List.copyOf(classes);
        truth = List.copyOf(truth);
        probabilities = List.copyOf(probabilities);
    }

    /** Index of the most probable class of picture {@code i}; the first of equals. */
    public int predicted(int i) {
        List<Double> p = probabilities.get(i);
        int best = 0;
        for (int c = 1; c < p.size(); c++) {
            if (p.get(c) > p.get(best)) {
                best = c;
            }
        }
        return best;
    }

    /** Number of pictures. */
    public int n() {
        return truth.size();
    }

    /** Share of the pictures whose most probable class is the true one. */
    public double accuracy() {
        return n() == 0 ? 0 : (double) confusion().hits() / n();
    }

    /** 95% interval of the accuracy. */
    public Wilson accuracyInterval() {
        return Wilson.of(confusion().hits(), n());
    }

    /** True against predicted class. */
    public ConfusionMatrix confusion() {
        int[] predictions = new int[n()];
        for (int i = 0; i < predictions.length; i++) {
            predictions[i] = predicted(i);
        }
        int[] actual = truth.stream().mapToInt(Integer::intValue).toArray();
        return ConfusionMatrix.of(classes.size(), actual, predictions);
    }
}
