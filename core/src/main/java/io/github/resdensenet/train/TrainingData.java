package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Csv;
import io.github.resdensenet.data.GroupedSplit;
import io.github.resdensenet.data.Groups;
import io.github.resdensenet.data.ImageException;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.data.audit.Duplicates;
import io.github.resdensenet.data.audit.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The pictures of a training and which part each is in.
 *
 * @param folder those that can be read
 * @param texts the run's files that say so: split.csv, skipped.csv where pictures were left out, copies.csv
 *     with those that are there again
 * @param remarks what a person should know of the pictures, a line each
 */
record TrainingData(ImageFolder folder, Split split, Map<String, String> texts, List<String> remarks) {
    private static final String SPLIT = "split.csv";
    /** The run's file of pictures that were left out, with the reason. */
    static final String SKIPPED = "skipped.csv";

    /** The run's file of pictures that are there again. */
    static final String COPIES = "copies.csv";

    private static final List<String> SKIPPED_HEADER = List.of("path", "reason");

    /** split.csv. */
    String splitText() {
        return texts.getOrDefault(SPLIT, "");
    }

    /**
     * Deals the pictures of a folder out as the recipe says. Copies of a picture come into the same part, as all of a
     * group do.
     *
     * @param pixels the pictures, some of which may not have been read
     * @throws IOException if none of a class can be read
     */
    static TrainingData deal(ImageFolder all, PixelCache pixels, Recipe recipe) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        List<String> remarks = new ArrayList<>();
        ImageFolder folder = all;
        if (!pixels.faults().isEmpty()) {
            folder = all.without(pixels.faults().keySet());
            texts.put(SKIPPED, skipped(all, pixels.faults()));
            remarks.add("Skipped: " + pixels.faults().size() + " of "
                    + all.samples().size() + " pictures cannot be read, skipped.csv says why");
        }
        Split split = split(folder, pixels.readable(), recipe, texts, remarks);
        List<String> digests = new ArrayList<>();
        for (ImageSample sample : folder.samples()) {
            digests.add(Digest.sha256(sample.path()));
        }
        texts.put(SPLIT, SplitFile.text(folder, split, digests));
        return new TrainingData(folder, split, texts, remarks);
    }

    private static String skipped(ImageFolder all, Map<Integer, ImageException> faults) {
        StringBuilder text = new StringBuilder(Csv.line(SKIPPED_HEADER));
        faults.forEach(
                (i, fault) -> text.append(Csv.line(List.of(all.samples().get(i).name(), fault.reason()))));
        return text.toString();
    }

    private static Split split(
            ImageFolder folder, PixelCache pixels, Recipe recipe, Map<String, String> texts, List<String> remarks)
            throws IOException {
        long seed = recipe.train().seed();
        Split.Shares shares = recipe.data().split();
        List<String> names = Groups.of(
                recipe.data().groupBy(),
                folder.samples().stream().map(ImageSample::name).toList());
        int n = folder.samples().size();
        List<Duplicates.Pair> copies = Duplicates.find(IntStream.range(0, n)
                .mapToObj(i -> Fingerprint.of(pixels.get(i)))
                .toList());
        texts.put(COPIES, copies(folder, copies));
        boolean random = names.isEmpty() && !recipe.data().stratified();
        if (!copies.isEmpty()) {
            remarks.add("Copies: " + copies.size() + (copies.size() == 1 ? " picture is" : " pictures are")
                    + " there before, resized, re-encoded or mirrored; "
                    + (random ? "dealt out at random, copies may be in two parts" : "copies stay in one part"));
        }
        if (random) {
            return Split.random(folder, shares.train(), seed);
        }
        if (names.isEmpty()) {
            Split split = Split.stratified(folder, shares, seed);
            return GroupedSplit.together(split, folder, Duplicates.groups(n, copies), seed);
        }
        int[] groups = numbered(names, copies);
        remarks.add("Groups: " + new LinkedHashSet<>(names).size() + " by data.groupBy, none is in two parts");
        return GroupedSplit.deal(folder, shares, groups, seed);
    }

    private static String copies(ImageFolder folder, List<Duplicates.Pair> copies) {
        StringBuilder text = new StringBuilder(Csv.line(List.of("path", "copy_of", "kind")));
        for (Duplicates.Pair pair : copies) {
            text.append(Csv.line(List.of(
                    folder.samples().get(pair.second()).name(),
                    folder.samples().get(pair.first()).name(),
                    pair.kind().words())));
        }
        return text.toString();
    }

    /** Groups by number, those that share a copy of a picture joined. */
    private static int[] numbered(List<String> names, List<Duplicates.Pair> copies) {
        Map<String, Integer> numbers = new HashMap<>();
        int[] groups = names.stream()
                .mapToInt(name -> numbers.computeIfAbsent(name, k -> numbers.size()))
                .toArray();
        for (Duplicates.Pair pair : copies) {
            int from = groups[pair.second()];
            int to = groups[pair.first()];
            for (int i = 0; i < groups.length; i++) {
                groups[i] = groups[i] == from ? to : groups[i];
            }
        }
        return groups;
    }

    /**
     * Takes up the parts that a run has written down.
     *
     * @param splitSha256 what split.csv must be
     * @throws CheckpointException if a picture is missing, new or changed, or split.csv was
     */
    static TrainingData of(Run run, ImageFolder all, String splitSha256) throws IOException {
        Path file = run.file(SPLIT);
        String text = Files.readString(file);
        if (!Digest.sha256(text).equals(splitSha256)) {
            throw new CheckpointException(file + ": was changed since the training started, its SHA-256 differs");
        }
        ImageFolder folder = withoutSkipped(run, all);
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
        return new TrainingData(folder, new Split(parts), Map.of(SPLIT, text), List.of());
    }

    private static ImageFolder withoutSkipped(Run run, ImageFolder all) throws IOException {
        Path file = run.file(SKIPPED);
        if (!Files.exists(file)) {
            return all;
        }
        Set<String> names = new TreeSet<>();
        Csv.parse(Files.readString(file)).stream().skip(1).forEach(record -> names.add(record.get(0)));
        Set<Integer> left = new TreeSet<>();
        for (int i = 0; i < all.samples().size(); i++) {
            if (names.contains(all.samples().get(i).name())) {
                left.add(i);
            }
        }
        return all.without(left);
    }
}
