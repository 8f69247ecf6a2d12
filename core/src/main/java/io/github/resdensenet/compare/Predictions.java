package io.github.resdensenet.compare;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    List<String> images() {
        return answers.stream().map(Answer::image).toList();
    }

    double accuracy() {
        return (double) answers.stream().filter(Answer::isCorrect).count() / answers.size();
    }
}
