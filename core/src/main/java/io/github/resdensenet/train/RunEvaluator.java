package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Answers;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.Evaluator;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.NativeSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/** Judges a run's best checkpoint on pictures, from the run folder alone. */
public final class RunEvaluator {
    private final Run run;
    private final Checkpoint checkpoint;
    private final Recipe recipe;
    private final List<SplitFile.Row> split;
    private String looks = "";
    private OptionalInt testLooks = OptionalInt.empty();

    /**
     * An evaluator of a run.
     *
     * @throws IOException if the run has no best checkpoint or a file of it is damaged
     */
    public RunEvaluator(Run run) throws IOException {
        this.run = run;
        checkpoint = run.readBest();
        recipe = Recipe.read(run.file("recipe.yaml"));
        split = SplitFile.read(run.file("split.csv"));
    }

    /** The architecture's name in print. */
    public String modelTitle() {
        return checkpoint.manifest().model().title();
    }

    /**
     * How often the test pictures have been looked at, with the last evaluation of them by this object; empty if there
     * was none or it could not be counted.
     */
    public OptionalInt testLooks() {
        return testLooks;
    }

    /** The same in words, or why it could not be counted. */
    public String testLooksInWords() {
        return looks;
    }

    private void countLook() {
        try {
            testLooks = OptionalInt.of(TestLooks.add(run));
            looks = TestLooks.words(testLooks.getAsInt());
        } catch (IOException e) { // evaluating a run that cannot be written to is no fault
            testLooks = OptionalInt.empty();
            looks = "This look at the test set could not be counted: " + e;
        }
    }

    /**
     * Evaluates a part of the pictures that the run split. An evaluation of test pictures is counted in the run, see
     * {@link TestLooks}.
     *
     * @param part the part, or null for all of them
     * @param moved where the pictures are now; null for where they were
     * @throws IOException if a picture is missing or is not the one that was split
     */
    public Evaluation evaluateSplit(@Nullable Part part, @Nullable Path moved, BiConsumer<Integer, Integer> progress)
            throws IOException {
        Evaluation evaluation = evaluate(samples(part, moved), progress);
        if (part == null || part == Part.TEST) {
            countLook();
        }
        return evaluation;
    }

    /** The pictures of a part, each checked to be the one that was split. */
    private List<ImageSample> samples(@Nullable Part part, @Nullable Path moved) throws IOException {
        List<String> classes = checkpoint.manifest().classes();
        Path root = moved != null
                ? moved
                : BuiltInData.resolve(checkpoint.manifest().data());
        if (!Files.isDirectory(root)) {
            throw new IOException(
                    root + ": the run's pictures are not there any more; say where with --data DIR --split");
        }
        List<ImageSample> samples = new ArrayList<>();
        for (SplitFile.Row row : split) {
            if (part != null && row.part() != part) {
                continue;
            }
            Path file = root.resolve(row.name());
            if (!Files.isRegularFile(file)) {
                throw new IOException(file + ": missing; the run's split names it");
            }
            if (!Digest.sha256(file).equals(row.sha256())) {
                throw new IOException(file + ": not the picture that the run split, its SHA-256 differs");
            }
            samples.add(new ImageSample(file, row.name(), classes.indexOf(row.className())));
        }
        if (samples.isEmpty()) {
            throw new IllegalArgumentException(run.folder() + ": the run has no "
                    + (part == null ? "pictures" : part.label() + " pictures") + ", its split has none");
        }
        return samples;
    }

    /**
     * Evaluates all the pictures of another folder with the same class folders.
     *
     * @param allowTrained whether pictures that the run trained on are welcome
     * @throws IOException if the class folders differ, or pictures were trained on and that is not allowed
     */
    public Evaluation evaluateFolder(Path root, boolean allowTrained, BiConsumer<Integer, Integer> progress)
            throws IOException {
        ImageFolder data = ImageFolder.open(root, checkpoint.manifest().classes());
        if (!allowTrained) {
            Set<String> trained = new HashSet<>();
            split.stream().filter(row -> row.part() == Part.TRAIN).forEach(row -> trained.add(row.sha256()));
            List<String> seen = new ArrayList<>();
            for (ImageSample sample : data.samples()) {
                if (trained.contains(Digest.sha256(sample.path()))) {
                    seen.add(sample.path().toString());
                }
            }
            if (!seen.isEmpty()) {
                throw new IOException(root + ": " + seen.size() + " of "
                        + data.samples().size() + " pictures were trained on, for instance " + seen.get(0)
                        + "; --allow-trained counts them all the same");
            }
        }
        return evaluate(data.samples(), progress);
    }

    private Evaluation evaluate(List<ImageSample> samples, BiConsumer<Integer, Integer> progress) throws IOException {
        Manifest manifest = checkpoint.manifest();
        int threads = NativeSettings.apply(recipe.train().threads());
        Device device = NativeSettings.device("auto");
        int total = samples.size();
        try (PixelCache pixels = PixelCache.of(samples, manifest.preprocessing(), threads, done -> {});
                ImageClassifier model = checkpoint.model(run.best());
                DataLoader loader = new DataLoader(
                        pixels,
                        samples,
                        IntStream.range(0, total).toArray(),
                        manifest.preprocessing().evaluation(),
                        recipe.data().batchSize(),
                        false,
                        0,
                        recipe.data().loaderThreads())) {
            model.to(device);
            try (Inference inference =
                    Inference.of(model, manifest.preprocessing().imageSize(), device, threads)) {
                Answers answers = new Evaluator(
                                inference, manifest.classes(), recipe.train().labelSmoothing())
                        .answer(loader, done -> progress.accept(done, total));
                return Evaluation.of(
                        TrainingSession.grouped(answers, recipe),
                        new Temperature(manifest.temperature()),
                        recipe.data().ordinal());
            }
        }
    }
}
