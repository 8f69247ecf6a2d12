package io.github.resdensenet.compare;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.data.Csv;
import io.github.resdensenet.eval.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a trained model answered for the test pictures, as a CSV file.
 *
 * @param answers one a picture, in the order of the split
 */
record Predictions(List<Answer> answers) {
    private static final List<String> HEADER = List.of("path", "truth", "predicted", "p_truth");

    /**
     * One picture.
     *
     * @param picture its name in the data set
     * @param truth true class
     * @param predicted most probable class
     * @param probability the model's probability of the true class
     */
    record Answer(String picture, String truth, String predicted, double probability) {
        boolean isRight() {
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
            text.append(Csv.line(List.of(a.picture(), a.truth(), a.predicted(), Double.toString(a.probability()))));
        }
        AtomicFiles.write(file, text.toString());
    }

    static Predictions read(Path file) throws IOException {
        List<List<String>> records = Csv.parse(Files.readString(file));
        if (records.isEmpty() || !records.get(0).equals(HEADER)) {
            throw new IOException(file + ": not predictions, the first line must be " + String.join(",", HEADER));
        }
        List<Answer> answers = new ArrayList<>();
        for (List<String> r : records.subList(1, records.size())) {
            try {
                answers.add(new Answer(r.get(0), r.get(1), r.get(2), Double.parseDouble(r.get(3))));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw new IOException(
                        file + ": line " + (answers.size() + 2) + " is not " + String.join(",", HEADER), e);
            }
        }
        return new Predictions(answers);
    }

    List<String> pictures() {
        return answers.stream().map(Answer::picture).toList();
    }

    double accuracy() {
        return (double) answers.stream().filter(Answer::isRight).count() / answers.size();
    }
}
