package io.github.resdensenet.eval;

import io.github.resdensenet.data.ImageSample;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How good a model's answers are, in numbers that a report can show as they are.
 *
 * <p>Probabilities are the calibrated ones, and so are the figures "nll" (mean negative log-likelihood of the true class,
 * a probability below 2^-52 counting as that), "brier" (mean over pictures of the sum over classes of the squared
 * distance to 0 or 1: 0 to 2) and "ece" ({@link Reliability}); "nll_raw" and "ece_raw" are those of temperature 1.
 * "loss" is the training loop's: label smoothing included, temperature 1, mean over batches. "top2_accuracy", "top3_" and
 * "top5_" are there where classes are left over; of equal probabilities the later class counts as the larger one there,
 * as in scikit-learn.
 *
 * <p>Intervals of shares are Wilson's, all others the middle 95% of {@value #DRAWS} bootstrap draws of pictures; those of
 * "ece", which grows by chance, are mirrored at the value. Where pictures
 * have groups, whole groups are drawn, for all figures.
 *
 * @param classes class names by index
 * @param ordinal whether they are steps of a scale, in this order
 * @param samples the pictures; empty if only their numbers are known
 * @param truth true class index of each picture
 * @param probabilities calibrated probability of each class, picture by picture
 * @param temperature what they were calibrated with
 * @param groups number of groups that were drawn for the intervals; 0 if pictures were
 * @param figures the figures of the whole
 * @param perClass the figures of each class
 * @param confusion true against predicted class
 * @param reliability the calibrated probabilities' diagram
 * @param rawReliability the diagram at temperature 1
 * @param rocCurves each class's curve
 */
public record Evaluation(
        List<String> classes,
        boolean ordinal,
        List<ImageSample> samples,
        List<Integer> truth,
        List<List<Double>> probabilities,
        Temperature temperature,
        int groups,
        List<Figure> figures,
        List<ClassFigures> perClass,
        ConfusionMatrix confusion,
        Reliability reliability,
        Reliability rawReliability,
        List<RocCurve> rocCurves) {
    /** Bootstrap draws. */
    public static final int DRAWS = 1000;

    /** Keeps its own lists. */
    public Evaluation {
        classes = List.copyOf(classes);
        samples = List.copyOf(samples);
        truth = List.copyOf(truth);
        probabilities = List.copyOf(probabilities);
        figures = List.copyOf(figures);
        perClass = List.copyOf(perClass);
        rocCurves = List.copyOf(rocCurves);
    }

    /**
     * Judges a model's answers.
     *
     * @param temperature the model's calibration
     * @param ordinal whether the classes are steps of a scale, in this order
     * @throws IllegalArgumentException if an answer is no finite number, naming the picture
     */
    public static Evaluation of(Answers answers, Temperature temperature, boolean ordinal) {
        answers.requireFinite();
        Judgement judgement = new Judgement(
                answers.classes(),
                answers.truth(),
                answers.probabilities(temperature),
                answers.groups().toArray(String[]::new),
                ordinal);
        judgement.addRaw(answers.probabilities(Temperature.NONE));
        judgement.addLoss(answers);
        return judgement.evaluation(answers.samples(), temperature);
    }

    /**
     * Judges answers of which only the numbers are known.
     *
     * @param truth true class index of each picture
     * @param probabilities for each picture one number a class, 0 to 1, adding up to 1
     * @param groups what each picture belongs with; null if every picture stands for itself
     * @param ordinal whether the classes are steps of a scale, in this order
     * @throws IllegalArgumentException naming the rule and the picture, if the numbers are not such
     */
    public static Evaluation of(
            List<String> classes, int[] truth, double[][] probabilities, String @Nullable [] groups, boolean ordinal) {
        Judgement judgement =
                new Judgement(classes, truth, probabilities, groups == null ? new String[0] : groups, ordinal);
        return judgement.evaluation(List.of(), Temperature.NONE);
    }

    /** Number of pictures. */
    public int n() {
        return truth.size();
    }

    /** Index of the most probable class of picture {@code i}; the first of equals. */
    public int predicted(int i) {
        return Answers.largest(
                probabilities.get(i).stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Probability of the most probable class of picture {@code i}. */
    public double confidence(int i) {
        return probabilities.get(i).get(predicted(i));
    }

    /**
     * A figure of the whole.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public Figure figure(String name) {
        return figures.stream()
                .filter(figure -> figure.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("figure must be one of "
                        + figures.stream().map(Figure::name).toList() + ", got " + name));
    }

    /** Share of the pictures whose most probable class is the true one. */
    public double accuracy() {
        return figure("accuracy").orNaN();
    }

    /** 95% interval of the accuracy. */
    public Interval accuracyInterval() {
        return figure("accuracy").ci95().orElseThrow();
    }

    /** Mean over batches of the batches' mean loss, label smoothing included: what the training loop reports. */
    public double loss() {
        return figure("loss").orNaN();
    }

    /** Mean negative log-likelihood of the true class, calibrated, without smoothing. */
    public double nll() {
        return figure("nll").orNaN();
    }

    static List<List<Double>> boxed(double[][] rows) {
        return IntStream.range(0, rows.length)
                .mapToObj(i -> Arrays.stream(rows[i]).boxed().toList())
                .toList();
    }
}
