package io.github.resdensenet.compare;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Interval;
import io.github.resdensenet.report.CrossValidationPage.Fold;
import io.github.resdensenet.report.CrossValidationPage.Mistake;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The predictions of all folds together: each image is predicted by the run that was not trained on it.
 *
 * @param folds the folds
 * @param foldOf the fold of each image
 * @param evaluation the evaluation of all images
 */
record OutOfFold(List<FoldPredictions> folds, List<Integer> foldOf, Evaluation evaluation) {
    private static final int MOST_MISTAKES = 50;

    /**
     * Joins the folds.
     *
     * @param root the image folder
     * @param ordinal whether the classes are ordinal
     * @throws CheckpointException if the folds do not have the same images
     */
    static OutOfFold of(List<FoldPredictions> folds, Path root, boolean ordinal) throws IOException {
        List<SplitFile.Row> images = folds.get(0).split();
        List<String> classes = folds.get(0).manifest().classes();
        List<Integer> foldOf = new ArrayList<>();
        List<Sample> samples = new ArrayList<>();
        List<double[]> probabilities = new ArrayList<>();
        for (SplitFile.Row image : images) {
            List<FoldPredictions> tested = folds.stream()
                    .filter(fold -> fold.probabilities().containsKey(image.name()))
                    .toList();
            if (tested.size() != 1) {
                throw new CheckpointException(image.name() + ": in the test sets of " + tested.size()
                        + " folds, must be in one; choose another --out");
            }
            foldOf.add(folds.indexOf(tested.get(0)));
            samples.add(new Sample(root.resolve(image.name()), image.name(), classes.indexOf(image.className())));
            probabilities.add(tested.get(0).probabilities().getOrDefault(image.name(), List.of()).stream()
                    .mapToDouble(Double::doubleValue)
                    .toArray());
        }
        String[] groups = images.stream()
                .map(SplitFile.Row::group)
                .flatMap(Optional::stream)
                .toArray(String[]::new);
        Evaluation all = Evaluation.of(
                classes,
                samples.stream().mapToInt(Sample::classIndex).toArray(),
                probabilities.toArray(double[][]::new),
                groups.length == 0 ? null : groups,
                ordinal);
        return new OutOfFold(List.copyOf(folds), List.copyOf(foldOf), all.withSamples(samples));
    }

    /**
     * Checks that a fold has the same images as the first one.
     *
     * @throws CheckpointException if an image was added, removed or changed between their training runs
     */
    static void checkSameImages(FoldPredictions first, FoldPredictions fold, Path folder) throws IOException {
        List<List<String>> expected = files(first);
        List<List<String>> found = files(fold);
        if (!expected.equals(found)) {
            String name = IntStream.range(0, Math.min(expected.size(), found.size()))
                    .filter(i -> !expected.get(i).equals(found.get(i)))
                    .mapToObj(i -> found.get(i).get(0))
                    .findFirst()
                    .orElse(expected.size() + " and " + found.size() + " images");
            throw new CheckpointException(folder.resolve(fold.name()) + ": the images differ from those of "
                    + first.name() + " (" + name + "); choose another --out");
        }
    }

    private static List<List<String>> files(FoldPredictions fold) {
        return fold.split().stream()
                .map(row -> List.of(row.name(), row.sha256(), row.group().orElse("")))
                .toList();
    }

    /** The rows of the table of folds. */
    List<Fold> rows() {
        return IntStream.range(0, folds.size()).mapToObj(this::row).toList();
    }

    private Fold row(int number) {
        FoldPredictions fold = folds.get(number);
        int tested = fold.probabilities().size();
        long correct = IntStream.range(0, evaluation.n())
                .filter(i -> foldOf.get(i) == number)
                .filter(i -> evaluation.predicted(i) == evaluation.truth().get(i))
                .count();
        return new Fold(
                fold.name(),
                fold.images(Subset.TRAIN),
                fold.images(Subset.VAL),
                tested,
                fold.manifest().progress().bestEpoch(),
                fold.manifest().temperature(),
                correct / (double) tested,
                Interval.wilson(correct, tested));
    }

    /** Whether the probabilities of the folds are calibrated. */
    boolean isCalibrated() {
        return folds.stream().anyMatch(fold -> fold.manifest().temperature() != 1);
    }

    /** The most confident wrong predictions. */
    List<Mistake> mistakes() {
        return IntStream.range(0, evaluation.n())
                .filter(i -> evaluation.predicted(i) != evaluation.truth().get(i))
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -evaluation.confidence(i)))
                .limit(MOST_MISTAKES)
                .map(i -> new Mistake(
                        evaluation.samples().get(i).name(),
                        evaluation.classes().get(evaluation.truth().get(i)),
                        evaluation.classes().get(evaluation.predicted(i)),
                        evaluation.confidence(i),
                        folds.get(foldOf.get(i)).name()))
                .toList();
    }

    /** The predictions as CSV, one line per image. */
    String csv() {
        List<String> header = new ArrayList<>(List.of("path", "class", "fold", "predicted"));
        evaluation.classes().forEach(name -> header.add("p_" + name));
        StringBuilder text = new StringBuilder(Csv.line(header));
        for (int i = 0; i < evaluation.n(); i++) {
            List<String> row = new ArrayList<>(List.of(
                    evaluation.samples().get(i).name(),
                    evaluation.classes().get(evaluation.truth().get(i)),
                    foldOf.get(i).toString(),
                    evaluation.classes().get(evaluation.predicted(i))));
            evaluation.probabilities().get(i).forEach(p -> row.add(p.toString()));
            text.append(Csv.line(row));
        }
        return text.toString();
    }
}
