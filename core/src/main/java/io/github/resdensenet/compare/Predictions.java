package io.github.resdensenet.compare;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The predictions of a trained model for the test images, stored as a CSV file.
 *
 * @param answers one prediction per image, in the order of the split
 */
record Predictions(List<Answer> answers) {
    private static final List<String> HEADER = List.of("path", "truth", "predicted", "p_truth");

    /**
     * The prediction for one image.
     *
     * @param image name of the image in the data set
     * @param truth true class
     * @param predicted class with the highest probability
     * @param probability predicted probability of the true class, 0 to 1
     */
    record Answer(String image, String truth, String predicted, double probability) {
        boolean isCorrect() {
            return truth.equals(predicted);
        }
    }

    static Predictions of(Evaluation evaluation) {
        List<String> classes = evaluation.classes();
        return new Predictions(IntStream.range(0, evaluation.n())
                .mapToObj(i -> new Answer(
                        evaluation.samples().get(i).name(),
                        classes.get(evaluation.truth().get(i)),
                        classes.get(evaluation.predicted(i)),
                        evaluation.probabilities().get(i).get(evaluation.truth().get(i))))
                .toList());
    }

    /** Whether each prediction is correct, in order. */
    boolean[] correct() {
        boolean[] correct = new boolean[answers.size()];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = answers.get(i).isCorrect();
        }
        return correct;
    }

    void write(Path file) throws IOException {
        StringBuilder text = new StringBuilder(Csv.line(HEADER));
        for (Answer a : answers) {
            text.append(Csv.line(List.of(a.image(), a.truth(), a.predicted(), Double.toString(a.probability()))));
        }
        AtomicFiles.write(file, text.toString());
    }

    static Predictions read(Path file) throws IOException {
        List<List<String>> records = Csv.read(file);
        if (records.isEmpty() || !records.get(0).equals(HEADER)) {
            throw new IOException(
                    file + ": not a predictions file, the first line must be " + String.join(",", HEADER));
        }
        List<Answer> answers = new ArrayList<>();
        for (List<String> r : records.subList(1, records.size())) {
            try {
                answers.add(new Answer(r.get(0), r.get(1), r.get(2), Double.parseDouble(r.get(3))));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw new IOException(
                        file + ": line " + (answers.size() + 2) + " must be " + String.join(",", HEADER), e);
            }
        }
        return new Predictions(answers);
    }

    /**
     * The predictions of several runs together, for example of all folds.
     *
     * @throws IOException if two runs have the same test image
     */
    static Predictions join(List<Predictions> parts) throws IOException {
        List<Answer> all =
                parts.stream().flatMap(part -> part.answers().stream()).toList();
        Set<String> seen = new HashSet<>();
        for (Answer answer : all) {
            if (!seen.add(answer.image())) {
                throw new IOException(answer.image() + ": in the test sets of two folds, so the images have changed"
                        + " between their training runs; choose another --out");
            }
        }
        return new Predictions(all);
    }

    List<String> images() {
        return answers.stream().map(Answer::image).toList();
    }

    double accuracy() {
        return (double) answers.stream().filter(Answer::isCorrect).count() / answers.size();
    }

    /** Macro-averaged F1, as in scikit-learn: the mean over the classes with images or predictions. */
    double macroF1() {
        Map<String, int[]> counts = new TreeMap<>(); // by class: images and predictions, correct ones
        for (Answer a : answers) {
            counts.computeIfAbsent(a.truth(), k -> new int[2])[0]++;
            counts.computeIfAbsent(a.predicted(), k -> new int[2])[0]++;
            counts.computeIfAbsent(a.truth(), k -> new int[2])[1] += a.isCorrect() ? 1 : 0;
        }
        return counts.values().stream()
                .mapToDouble(n -> 2.0 * n[1] / n[0])
                .average()
                .orElse(0);
    }
}
