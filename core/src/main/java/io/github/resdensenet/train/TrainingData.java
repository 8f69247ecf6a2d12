package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.data.audit.Duplicates;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.RunLog;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.Csv;
import io.github.resdensenet.util.Digest;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The images of a training and the subset that each belongs to.
 *
 * @param folder the images that can be read
 * @param groups the group of each image, for instance a patient; empty if the images are not grouped
 * @param texts the run's files about the images: split.csv; in a new run also copies.csv, and skipped.csv if images were
 *     skipped
 * @param remarks what the user should know about the images, one line each
 * @param trainingSizes number of training images; of each fold in cross-validation, although only one is trained now
 */
record TrainingData(
        ImageFolder folder,
        Split split,
        List<String> groups,
        Map<String, String> texts,
        List<String> remarks,
        List<Integer> trainingSizes) {

    /** SHA-256 of split.csv. */
    String splitSha256() {
        return Digest.sha256(texts.getOrDefault(Run.SPLIT, ""));
    }

    /**
     * Splits the images of a folder as the recipe says. All images of a group are in the same subset. So are duplicates,
     * except in a random split ({@code data.stratified: false}), and if a subset would lose its last image of a class.
     *
     * @param pixels the decoded images, some of which may have failed
     * @param init the run folder or file of pretrained weights, or null
     * @throws IOException if a class has no readable image
     */
    static TrainingData split(ImageFolder all, PixelCache pixels, Recipe recipe, @Nullable Path init)
            throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        List<String> remarks = new ArrayList<>();
        ImageFolder folder = all;
        if (!pixels.faults().isEmpty()) {
            folder = all.without(pixels.faults().keySet());
            texts.put(Run.SKIPPED, skipped(all, pixels.faults()));
            remarks.add("Skipped: " + pixels.faults().size() + " of "
                    + all.samples().size() + " images cannot be read, see skipped.csv");
        }
        List<String> groups = Split.groups(
                recipe.data().groupBy(),
                folder.samples().stream().map(Sample::name).toList());
        List<Duplicates.Pair> duplicates = Duplicates.find(folder.samples().size(), pixels.readable()::get);
        texts.put(Run.COPIES, copies(folder, duplicates));
        Split split = split(folder, groups, duplicates, recipe);
        remarks.addAll(remarks(folder, split, groups, duplicates, recipe));
        List<Integer> trainingSizes = recipe.data().folds() == 0
                ? List.of(split.rows(Subset.TRAIN).length)
                : foldSizes(folder, numbers(folder, groups, duplicates), recipe);
        List<String> digests = new ArrayList<>();
        for (Sample sample : folder.samples()) {
            digests.add(Digest.sha256(sample.path()));
        }
        texts.put(Run.SPLIT, SplitFile.text(folder, split, digests, groups));
        if (init != null) {
            remarks.addAll(overlap(init, split, digests));
        }
        return new TrainingData(folder, split, groups, texts, remarks, trainingSizes);
    }

    /** Names that are numbers must have the order of the numbers. */
    static void requireNumericOrder(List<String> classes) {
        if (!classes.stream().allMatch(name -> name.matches("\\d{1,9}"))) {
            return;
        }
        for (int i = 1; i < classes.size(); i++) {
            if (Integer.parseInt(classes.get(i)) < Integer.parseInt(classes.get(i - 1))) {
                throw new IllegalArgumentException(
                        "data.ordinal needs class folders in ascending order of their names, but " + classes.get(i - 1)
                                + " comes before " + classes.get(i) + "; rename them with leading zeros");
            }
        }
    }

    private static String skipped(ImageFolder all, Map<Integer, ImageException> faults) {
        StringBuilder text = new StringBuilder(Csv.line(List.of("path", "reason")));
        faults.forEach(
                (i, fault) -> text.append(Csv.line(List.of(all.samples().get(i).name(), fault.reason()))));
        return text.toString();
    }

    private static List<String> remarks(
            ImageFolder folder, Split split, List<String> groups, List<Duplicates.Pair> duplicates, Recipe recipe) {
        List<String> remarks = new ArrayList<>();
        ImageFolder.subsetRemark(folder.classes()).ifPresent(remark -> remarks.add("Note: " + remark));
        if (!duplicates.isEmpty()) {
            remarks.add("Duplicates: " + duplicates.size()
                    + (duplicates.size() == 1 ? " image is a duplicate" : " images are duplicates")
                    + " of another (identical, resized, re-encoded or mirrored); " + apart(split, duplicates));
        }
        if (!groups.isEmpty()) {
            remarks.add("Groups: " + new LinkedHashSet<>(groups).size() + " by data.groupBy, none spans two subsets");
        }
        int folds = recipe.data().folds();
        if (folds > 0) {
            remarks.add("Cross-validation: fold " + recipe.data().fold() + " of " + folds
                    + " is the test set (folds 0 to " + (folds - 1) + ")");
        }
        return remarks;
    }

    /** How many images that are not for training were training images of the run that the weights come from. */
    private static List<String> overlap(Path init, Split split, List<String> digests) {
        Path file = init.resolve(Run.SPLIT);
        if (!Files.isRegularFile(file)) {
            return List.of(); // a weight file or an imported run
        }
        Set<String> trained;
        try {
            trained = SplitFile.digests(SplitFile.read(file), Subset.TRAIN);
        } catch (IOException e) {
            return List.of("Note: it is unknown which images the weights were trained on: " + e.getMessage());
        }
        List<String> remarks = new ArrayList<>();
        for (Subset subset : List.of(Subset.VAL, Subset.TEST)) {
            int[] rows = split.rows(subset);
            long seen = Arrays.stream(rows)
                    .filter(row -> trained.contains(digests.get(row)))
                    .count();
            if (seen > 0) {
                remarks.add("Note: " + seen + " of " + rows.length + " " + subset.title()
                        + " images were training images of " + init + ", so their results are too optimistic");
            }
        }
        return remarks;
    }

    private static String apart(Split split, List<Duplicates.Pair> duplicates) {
        long apart = duplicates.stream()
                .filter(pair ->
                        split.subsets().get(pair.first()) != split.subsets().get(pair.second()))
                .count();
        return apart == 0
                ? "each is in the same subset as its original"
                : apart + " in another subset than the original";
    }

    private static Split split(
            ImageFolder folder, List<String> groupNames, List<Duplicates.Pair> duplicates, Recipe recipe) {
        long seed = recipe.train().seed();
        Split.Fractions fractions = recipe.data().split();
        if (groupNames.isEmpty() && !recipe.data().stratified()) {
            return Split.random(folder, fractions.train(), seed);
        }
        int[] groups = numbers(folder, groupNames, duplicates);
        if (recipe.data().folds() > 0) {
            return fold(folder, groups, recipe, recipe.data().fold());
        }
        return groupNames.isEmpty()
                ? Split.stratified(folder, fractions, seed).together(folder, groups, seed)
                : Split.grouped(folder, fractions, groups, seed);
    }

    private static Split fold(ImageFolder folder, int[] groups, Recipe recipe, int fold) {
        Split.Fractions fractions = recipe.data().split();
        double val = fractions.val() / (fractions.train() + fractions.val());
        return Split.folds(
                folder, recipe.data().folds(), fold, val, groups, recipe.train().seed());
    }

    private static List<Integer> foldSizes(ImageFolder folder, int[] groups, Recipe recipe) {
        return IntStream.range(0, recipe.data().folds())
                .mapToObj(fold -> fold(folder, groups, recipe, fold).rows(Subset.TRAIN).length)
                .toList();
    }

    private static String copies(ImageFolder folder, List<Duplicates.Pair> duplicates) {
        StringBuilder text = new StringBuilder(Csv.line(List.of("path", "copy_of", "kind")));
        for (Duplicates.Pair pair : duplicates) {
            text.append(Csv.line(List.of(
                    folder.samples().get(pair.second()).name(),
                    folder.samples().get(pair.first()).name(),
                    pair.kind().words())));
        }
        return text.toString();
    }

    /** The group of each image as a number; duplicates have the same one. */
    private static int[] numbers(ImageFolder folder, List<String> groupNames, List<Duplicates.Pair> duplicates) {
        return groupNames.isEmpty()
                ? Duplicates.groups(folder.samples().size(), duplicates)
                : numbered(groupNames, duplicates);
    }

    /** Groups as numbers; groups that share a duplicate are joined. */
    private static int[] numbered(List<String> names, List<Duplicates.Pair> duplicates) {
        Map<String, Integer> numbers = new HashMap<>();
        int[] groups = names.stream()
                .mapToInt(name -> numbers.computeIfAbsent(name, k -> numbers.size()))
                .toArray();
        for (Duplicates.Pair pair : duplicates) {
            int from = groups[pair.second()];
            int to = groups[pair.first()];
            for (int i = 0; i < groups.length; i++) {
                groups[i] = groups[i] == from ? to : groups[i];
            }
        }
        return groups;
    }

    /**
     * The images of an existing run, in the subsets of its split.csv.
     *
     * @param splitSha256 the expected SHA-256 of split.csv
     * @throws CheckpointException if an image is missing, new or changed, or split.csv has changed
     */
    static TrainingData of(Run run, ImageFolder all, String splitSha256) throws IOException {
        Path file = run.file(Run.SPLIT);
        String text = Files.readString(file);
        if (!Digest.sha256(text).equals(splitSha256)) {
            throw new CheckpointException(file + ": changed since the training started, its SHA-256 differs");
        }
        ImageFolder folder = withoutSkipped(run, all);
        Map<String, SplitFile.Row> known = new LinkedHashMap<>();
        SplitFile.read(file).forEach(row -> known.put(row.name(), row));
        List<Subset> subsets = new ArrayList<>();
        List<String> groups = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        for (Sample sample : folder.samples()) {
            SplitFile.Row row = known.remove(sample.name());
            if (row == null) {
                differences.add(sample.name() + " is new");
                continue;
            }
            subsets.add(row.subset());
            row.group().ifPresent(groups::add);
            if (!Digest.sha256(sample.path()).equals(row.sha256())) {
                differences.add(sample.name() + " has changed");
            }
        }
        known.keySet().forEach(name -> differences.add(name + " is missing"));
        if (!differences.isEmpty()) {
            int shown = Math.min(5, differences.size());
            throw new CheckpointException(folder.root() + ": not the images of " + run.folder() + ": "
                    + String.join(", ", differences.subList(0, shown))
                    + (shown < differences.size() ? " and " + (differences.size() - shown) + " more" : ""));
        }
        if (groups.isEmpty()) { // earlier versions wrote split.csv without groups
            groups = Split.groups(
                    Recipe.read(run.file("recipe.yaml")).data().groupBy(),
                    folder.samples().stream().map(Sample::name).toList());
        }
        return new TrainingData(folder, new Split(subsets), groups, Map.of(Run.SPLIT, text), List.of(), List.of());
    }

    private static ImageFolder withoutSkipped(Run run, ImageFolder all) throws IOException {
        Path file = run.file(Run.SKIPPED);
        if (!Files.exists(file)) {
            return all;
        }
        Set<String> names = new TreeSet<>();
        Csv.read(file).stream().skip(1).forEach(record -> names.add(record.get(0)));
        Set<Integer> skipped = new TreeSet<>();
        for (int i = 0; i < all.samples().size(); i++) {
            if (names.contains(all.samples().get(i).name())) {
                skipped.add(i);
            }
        }
        return all.without(skipped);
    }

    /** The weight of each class in the loss; empty if all have weight 1. */
    List<Double> classWeights(Recipe recipe) {
        List<Integer> images = split.counts(folder, Subset.TRAIN);
        if (recipe.train().classWeights().equals("balanced") && images.contains(0)) {
            throw new IllegalArgumentException("train.classWeights balanced: class "
                    + folder.classes().get(images.indexOf(0)) + " has no training image");
        }
        return recipe.train().weightsOf(images);
    }

    /** Model outputs with the groups of their images. */
    ModelOutputs withGroups(ModelOutputs outputs) {
        if (groups.isEmpty()) {
            return outputs;
        }
        Map<String, String> byName = new HashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            byName.put(folder.samples().get(i).name(), groups.get(i));
        }
        return outputs.withGroups(outputs.samples().stream()
                .map(sample -> byName.getOrDefault(sample.name(), ""))
                .toList());
    }

    /** Logs the data set as the article prints it, and the subsets with their class counts. */
    void describe(Recipe recipe, Preprocessing preprocessing, RunLog log) {
        log.say("Dataset ImageFolder");
        log.say("    Number of datapoints: " + folder.samples().size());
        log.say("    Root location: " + folder.root());
        log.say("    Train transform: "
                + recipe.augment().over(preprocessing).toString().replace("\n", "\n    "));
        log.say("    Test transform: " + preprocessing.evaluation().toString().replace("\n", "\n    "));
        log.say("Classes: " + Text.printable(folder.classToIndex()));
        for (Subset subset : Subset.values()) {
            int rows = split.rows(subset).length;
            if (rows > 0) {
                List<Integer> counts = split.counts(folder, subset);
                List<String> perClass = IntStream.range(0, counts.size())
                        .mapToObj(c -> folder.classes().get(c) + " " + counts.get(c))
                        .toList();
                log.say(String.format(
                        Locale.ROOT, "%-6s %d images (%s)", subset.label() + ":", rows, String.join(", ", perClass)));
            }
        }
        recipe.augment().mixing().ifPresent(mixing -> log.say("    Batches: " + mixing));
        if (recipe.train().startSize() > 0) {
            log.say("Image size in training: " + ImageSizes.of(recipe));
        }
        String weights = recipe.train().weightsInWords(folder.classes(), split.counts(folder, Subset.TRAIN));
        if (!weights.isEmpty()) {
            log.say("Class weights in the loss: " + weights);
        }
        if (recipe.data().sampling() == Recipe.Sampling.BALANCED) {
            log.say("Sampling: balanced, an epoch has all classes equally often");
        }
        int size = recipe.data().imageSize();
        int batch = Math.min(recipe.data().batchSize(), split.rows(Subset.TRAIN).length);
        log.say("Shape of X [N, C, H, W]: torch.Size([" + batch + ", 3, " + size + ", " + size + "])");
        log.say("Shape of y: torch.Size([" + batch + "]) torch.int64");
        remarks.forEach(log::say);
    }
}
