package io.github.resdensenet.compare;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The predictions of a fold for its test images.
 *
 * @param name name of the fold's run folder
 * @param manifest manifest of the run's best checkpoint
 * @param split all images with their subset
 * @param probabilities calibrated probabilities, one per class, by the image's name
 */
record FoldPredictions(
        String name, Manifest manifest, List<SplitFile.Row> split, Map<String, List<Double>> probabilities) {
    /**
     * Reads the predictions of a fold.
     *
     * @param run the fold's run
     * @param file a file with the text of {@link Evaluation#csv}
     * @throws IOException if the file is not complete
     */
    static FoldPredictions read(Run run, Path file) throws IOException {
        Manifest manifest = run.readBestManifest();
        List<SplitFile.Row> split = SplitFile.read(run.file(Run.SPLIT));
        List<String> header = new ArrayList<>(List.of("path", "truth", "predicted"));
        manifest.classes().forEach(name -> header.add("p_" + name));
        List<List<String>> records = Csv.read(file);
        if (records.isEmpty() || !records.get(0).equals(header)) {
            throw new IOException(
                    file + ": not a predictions file, the first line must be " + String.join(",", header));
        }
        Map<String, List<Double>> probabilities = new LinkedHashMap<>();
        for (List<String> r : records.subList(1, records.size())) {
            try {
                probabilities.put(
                        r.get(0),
                        r.subList(3, header.size()).stream()
                                .map(Double::valueOf)
                                .toList());
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw new IOException(
                        file + ": line " + (probabilities.size() + 2) + " must be " + String.join(",", header), e);
            }
        }
        List<String> tested = split.stream()
                .filter(row -> row.subset() == Subset.TEST)
                .map(SplitFile.Row::name)
                .toList();
        if (!tested.equals(List.copyOf(probabilities.keySet()))) {
            throw new IOException(file + ": must have the " + tested.size() + " test images of " + run.folder());
        }
        return new FoldPredictions(run.folder().getFileName().toString(), manifest, split, probabilities);
    }

    /** The number of images in a subset. */
    int images(Subset subset) {
        return (int) split.stream().filter(row -> row.subset() == subset).count();
    }
}
