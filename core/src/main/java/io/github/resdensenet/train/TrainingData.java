package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The pictures of a training and which part each is in.
 *
 * @param splitText split.csv
 */
record TrainingData(ImageFolder folder, Split split, String splitText) {
    /** Deals the pictures of a folder out as the recipe says. */
    static TrainingData deal(ImageFolder folder, Recipe recipe) throws IOException {
        long seed = recipe.train().seed();
        Split split = recipe.data().stratified()
                ? Split.stratified(folder, recipe.data().split(), seed)
                : Split.random(folder, recipe.data().split().train(), seed);
        List<String> digests = new ArrayList<>();
        for (ImageSample sample : folder.samples()) {
            digests.add(Digest.sha256(sample.path()));
        }
        return new TrainingData(folder, split, SplitFile.text(folder, split, digests));
    }

    /**
     * Takes up the parts that a run has written down.
     *
     * @param splitSha256 what split.csv must be
     * @throws CheckpointException if a picture is missing, new or changed, or split.csv was
     */
    static TrainingData of(Run run, ImageFolder folder, String splitSha256) throws IOException {
        Path file = run.file("split.csv");
        String text = Files.readString(file);
        if (!Digest.sha256(text).equals(splitSha256)) {
            throw new CheckpointException(file + ": was changed since the training started, its SHA-256 differs");
        }
        Map<String, SplitFile.Row> known = new LinkedHashMap<>();
        SplitFile.read(file).forEach(row -> known.put(row.name(), row));
        List<Part> parts = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        for (ImageSample sample : folder.samples()) {
            SplitFile.Row row = known.remove(sample.name());
            if (row == null) {
                differences.add(sample.name() + " is new");
                continue;
            }
            parts.add(row.part());
            if (!Digest.sha256(sample.path()).equals(row.sha256())) {
                differences.add(sample.name() + " has changed");
            }
        }
        known.keySet().forEach(name -> differences.add(name + " is missing"));
        if (!differences.isEmpty()) {
            int shown = Math.min(5, differences.size());
            throw new CheckpointException(folder.root() + ": not the pictures of " + run.folder() + ": "
                    + String.join(", ", differences.subList(0, shown))
                    + (shown < differences.size() ? " and " + (differences.size() - shown) + " more" : ""));
        }
        return new TrainingData(folder, new Split(parts), text);
    }
}
