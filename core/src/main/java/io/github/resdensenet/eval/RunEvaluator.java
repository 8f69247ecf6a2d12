package io.github.resdensenet.eval;

import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.nn.InferencePrecision;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.nn.NativeSettings.DeviceChoice;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.transforms.TestTimeAugmentation;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates a run's best checkpoint on the run's own images or on another image folder. Sets libtorch's number of threads,
 * which applies to the whole process. Not safe for use by several threads.
 */
public final class RunEvaluator {
    private final Run run;
    private final Checkpoint checkpoint;
    private final Recipe recipe;
    private final List<SplitFile.Row> split;
    private final TestTimeAugmentation augmentation;
    private final InferencePrecision precision;

    /**
     * Creates an evaluator of a run.
     *
     * @throws IOException if the run has no best checkpoint, or a file of the run is corrupt
     */
    public RunEvaluator(Run run) throws IOException {
        this(run, run.readModel());
    }

    /**
     * Creates an evaluator of a checkpoint that has been read already.
     *
     * @throws IOException if a file of the run is corrupt
     */
    public RunEvaluator(Run run, Checkpoint checkpoint) throws IOException {
        this(
                run,
                checkpoint,
                Recipe.read(run.file("recipe.yaml")),
                SplitFile.read(run.file("split.csv")),
                TestTimeAugmentation.NONE,
                InferencePrecision.FP32);
    }

    private RunEvaluator(
            Run run,
            Checkpoint checkpoint,
            Recipe recipe,
            List<SplitFile.Row> split,
            TestTimeAugmentation augmentation,
            InferencePrecision precision) {
        this.run = run;
        this.checkpoint = checkpoint;
        this.recipe = recipe;
        this.split = split;
        this.augmentation = augmentation;
        this.precision = precision;
    }

    /** Returns a new evaluator of the same checkpoint that averages the logits of several views per image. */
    public RunEvaluator withTestTimeAugmentation(TestTimeAugmentation of) {
        return new RunEvaluator(run, checkpoint, recipe, split, of, precision);
    }

    /** Returns a new evaluator of the same checkpoint that computes in another number format. */
    public RunEvaluator withPrecision(InferencePrecision of) {
        return new RunEvaluator(run, checkpoint, recipe, split, augmentation, of);
    }

    /** Display name of the architecture. */
    public String modelTitle() {
        return checkpoint.manifest().model().title();
    }

    private RunEvaluation counted(RunEvaluation evaluation) {
        try {
            int n = run.countTestEvaluation();
            return new RunEvaluation(
                    evaluation.evaluation(), evaluation.precision(), OptionalInt.of(n), Run.describeTestEvaluations(n));
        } catch (IOException e) { // a run in a read-only folder can be evaluated too
            return new RunEvaluation(
                    evaluation.evaluation(),
                    evaluation.precision(),
                    OptionalInt.empty(),
                    "This test-set evaluation could not be counted: " + e.getMessage());
        }
    }

    /**
     * Evaluates a subset of the run's images. The run counts evaluations of the test set, see {@link
     * Run#testEvaluations}.
     *
     * @param moved the new location of the image folder; null if it has not moved
     * @param progress receives the number of images done and their total, on the calling thread
     * @throws IOException if an image is missing or has changed since the run started
     */
    public RunEvaluation evaluateSplit(Subset subset, @Nullable Path moved, BiConsumer<Integer, Integer> progress)
            throws IOException {
        RunEvaluation evaluation = evaluateOwn(subset, moved, progress);
        return subset == Subset.TEST ? counted(evaluation) : evaluation;
    }

    /** Evaluates all images of the run, also those of the test set. Otherwise as {@link #evaluateSplit}. */
    public RunEvaluation evaluateAll(@Nullable Path moved, BiConsumer<Integer, Integer> progress) throws IOException {
        return counted(evaluateOwn(null, moved, progress));
    }

    private RunEvaluation evaluateOwn(
            @Nullable Subset subset, @Nullable Path moved, BiConsumer<Integer, Integer> progress) throws IOException {
        List<Sample> samples = samples(subset, moved);
        return evaluate(samples, groups(samples), progress);
    }

    /**
     * The images of a subset. Checks that they have not changed since the run started.
     *
     * @param subset the subset, or null for all images
     * @param moved the new location of the image folder; null if it has not moved
     * @throws IOException if an image is missing or has changed
     * @throws IllegalArgumentException if the subset has no images
     */
    public List<Sample> samples(@Nullable Subset subset, @Nullable Path moved) throws IOException {
        List<String> classes = checkpoint.manifest().classes();
        Path root = moved != null
                ? moved
                : BuiltInData.resolve(checkpoint.manifest().data());
        if (!Files.isDirectory(root)) {
            throw new IOException(
                    root + ": no such folder; give the new location of the run's images with --data DIR (evaluate:"
                            + " --data DIR --split)");
        }
        List<Sample> samples = new ArrayList<>();
        for (SplitFile.Row row : split) {
            if (subset != null && row.subset() != subset) {
                continue;
            }
            Path file = root.resolve(row.name());
            if (!Files.isRegularFile(file)) {
                throw new IOException(file + ": missing, but listed in the run's split.csv");
            }
            if (!Digest.sha256(file).equals(row.sha256())) {
                throw new IOException(file + ": changed since the run started, its SHA-256 differs from split.csv");
            }
            samples.add(new Sample(file, row.name(), classes.indexOf(row.className())));
        }
        if (samples.isEmpty()) {
            throw new IllegalArgumentException(run.folder() + ": the run's split.csv has no images"
                    + (subset == null ? "" : " in the " + subset.title() + " set"));
        }
        return samples;
    }

    /**
     * Evaluates all images of another image folder with the same class folders.
     *
     * @param allowTrained whether images of the run's training set are allowed
     * @param progress receives the number of images done and their total, on the calling thread
     * @throws IOException if the class folders differ, or the folder has images of the training set and they are not
     *     allowed
     */
    public RunEvaluation evaluateFolder(Path root, boolean allowTrained, BiConsumer<Integer, Integer> progress)
            throws IOException {
        ImageFolder data = ImageFolder.open(root, checkpoint.manifest().classes());
        if (!allowTrained) {
            Set<String> trained = SplitFile.digests(split, Subset.TRAIN);
            List<String> seen = new ArrayList<>();
            for (Sample sample : data.samples()) {
                // opening a pipe would block; what is not a file is reported when it is decoded
                if (Files.isRegularFile(sample.path()) && trained.contains(Digest.sha256(sample.path()))) {
                    seen.add(sample.path().toString());
                }
            }
            if (!seen.isEmpty()) {
                throw new IOException(root + ": " + seen.size() + " of "
                        + data.samples().size() + " images are in the run's training set, for instance " + seen.get(0)
                        + "; to evaluate them anyway, use --allow-trained; if it is the run's own image folder, which has moved,"
                        + " use --split test");
            }
        }
        return evaluate(data.samples(), groupsByPattern(data.samples()), progress);
    }

    /** The group of each image in split.csv. Older runs have no groups in split.csv, so they are grouped again. */
    private List<String> groups(List<Sample> samples) throws IOException {
        Map<String, String> known = new HashMap<>();
        split.forEach(row -> row.group().ifPresent(group -> known.put(row.name(), group)));
        if (known.isEmpty()) {
            return Split.groups(
                    recipe.data().groupBy(), samples.stream().map(Sample::name).toList());
        }
        return samples.stream()
                .map(sample -> known.getOrDefault(sample.name(), sample.name()))
                .toList();
    }

    /** The groups of other images. A pattern of the recipe applies to them, a CSV file does not. */
    private List<String> groupsByPattern(List<Sample> samples) throws IOException {
        String groupBy = recipe.data().groupBy();
        return groupBy.endsWith(".csv")
                ? List.of()
                : Split.groups(groupBy, samples.stream().map(Sample::name).toList());
    }

    private RunEvaluation evaluate(List<Sample> samples, List<String> groups, BiConsumer<Integer, Integer> progress)
            throws IOException {
        Manifest manifest = checkpoint.manifest();
        Preprocessing preprocessing = manifest.preprocessing();
        int threads = NativeSettings.apply(recipe.train().threads());
        DeviceChoice device = recipe.train().device() == DeviceChoice.CPU ? DeviceChoice.CPU : DeviceChoice.AUTO;
        int total = samples.size();
        try (PixelCache pixels = PixelCache.of(samples, augmentation.source(preprocessing), threads, done -> {});
                PreparedModel prepared = PreparedModel.of(run, checkpoint, precision, device, threads);
                DataLoader loader = new DataLoader(
                        pixels,
                        samples,
                        IntStream.range(0, total).toArray(),
                        view -> augmentation.view(view, preprocessing),
                        Optional.empty(),
                        DataLoader.Batches.inOrder(
                                recipe.data().batchSize(), recipe.data().loaderThreads()))) {
            ModelOutputs outputs = new Evaluator(
                            prepared.inference(),
                            manifest.classes(),
                            recipe.train().labelSmoothing())
                    .outputs(loader, augmentation.count(), done -> progress.accept(done, total));
            Evaluation evaluation = Evaluation.of(
                    outputs.withGroups(groups),
                    prepared.temperature(),
                    recipe.data().ordinal());
            return new RunEvaluation(evaluation, prepared.precision(), OptionalInt.empty(), "");
        }
    }
}
