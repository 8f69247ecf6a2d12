package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.checkpoint.Weights;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.data.SplitFile;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.EvaluationText;
import io.github.resdensenet.eval.Evaluator;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trains a network by a recipe and leaves a run folder.
 *
 * <p>Read top to bottom: {@link #train()} prepares, {@link #loop} goes through the epochs, {@link #finish} judges the best.
 */
public final class Trainer {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Recipe recipe;
    private final Path out;
    private final @Nullable Path init;
    private final boolean newHead;
    private final TrainListener listener;
    private final StringBuilder log = new StringBuilder();

    /**
     * A training to come.
     *
     * @param out the run folder to make
     * @param init weights to start from, a run folder or a .pth or safetensors file; null for random ones
     * @param newHead whether the last layer starts at random all the same
     */
    public Trainer(Recipe recipe, Path out, @Nullable Path init, boolean newHead, TrainListener listener) {
        this.recipe = recipe;
        this.out = out;
        this.init = init;
        this.newHead = newHead;
        this.listener = listener;
    }

    /**
     * Trains by a recipe.
     *
     * @param out the run folder to make
     * @throws IOException if the pictures cannot be read or the folder not be written
     * @throws IllegalArgumentException if the recipe does not fit the pictures
     */
    public static Run train(Recipe recipe, Path out) throws IOException {
        return new Trainer(recipe, out, null, false, new TrainListener() {}).train();
    }

    /** Trains to the end. */
    public Run train() throws IOException {
        if (Files.exists(out)) {
            throw new FileAlreadyExistsException(out.toString(), null, "exists already; choose another --out");
        }
        Path root = BuiltInData.resolve(recipe.data().path());
        ImageFolder data = ImageFolder.open(root);
        Split split = recipe.data().stratified()
                ? Split.stratified(data, recipe.data().split(), recipe.train().seed())
                : Split.random(
                        data, recipe.data().split().train(), recipe.train().seed());
        Recipe resolved = resolve(root);
        Preprocessing preprocessing = new Preprocessing(resolved.data().imageSize(), Normalize.IMAGENET);
        int threads = NativeSettings.apply(resolved.train().threads());
        Device device = NativeSettings.device(resolved.train().device());
        try (ImageClassifier model = Models.create(
                resolved.model(), data.classes().size(), resolved.train().seed())) {
            checkSizes(model, resolved, split.rows(Part.TRAIN).length);
            if (init != null) {
                if (newHead) {
                    Weights.loadWithoutHead(model, Weights.read(init), init);
                } else {
                    ModelState.load(model, Weights.read(init), init);
                }
            }
            describe(resolved, data, split, preprocessing);
            try (PixelCache pixels = PixelCache.of(
                    data.samples(),
                    preprocessing.resize(),
                    threads,
                    done -> listener.reading(done, data.samples().size()))) {
                model.to(device);
                try (Session session = new Session(resolved, data, split, preprocessing, pixels, model, device)) {
                    return loop(session);
                }
            }
        }
    }

    private Recipe resolve(Path root) {
        int size = recipe.data().imageSize();
        if (size == 0) {
            size = recipe.data().path().equals(BuiltInData.FASHION3) ? 64 : 224;
        }
        Recipe sized = recipe.with("data.imageSize", Integer.toString(size));
        return recipe.data().path().equals(BuiltInData.FASHION3)
                ? sized
                : sized.withData(root.toAbsolutePath().normalize());
    }

    private static void checkSizes(ImageClassifier model, Recipe recipe, int trainRows) {
        int size = recipe.data().imageSize();
        if (size < model.minImageSize()) {
            throw new IllegalArgumentException("data.imageSize must be at least " + model.minImageSize() + " for "
                    + recipe.model().name() + ", got " + size);
        }
        int batch = recipe.data().batchSize();
        int last = trainRows % batch == 0 ? batch : trainRows % batch;
        if (Math.min(last, trainRows) == 1 && model.featureSize(size) == 1) {
            throw new IllegalArgumentException("data.batchSize " + batch + " leaves 1 image for a step (" + trainRows
                    + " training images), and at data.imageSize " + size
                    + " the last feature map is 1 x 1: batch normalisation needs 2 values a channel");
        }
    }

    private void describe(Recipe resolved, ImageFolder data, Split split, Preprocessing preprocessing) {
        Compose training = training(resolved, preprocessing);
        say("Dataset ImageFolder");
        say("    Number of datapoints: " + data.samples().size());
        say("    Root location: " + data.root());
        say("    Train transform: " + training.toString().replace("\n", "\n    "));
        say("    Test transform: " + preprocessing.evaluation().toString().replace("\n", "\n    "));
        say("Classes: " + data.classToIndex());
        for (Part part : Part.values()) {
            int[] rows = split.rows(part);
            if (rows.length > 0) {
                StringBuilder counts = new StringBuilder();
                List<Integer> perClass = split.counts(data, part);
                for (int c = 0; c < perClass.size(); c++) {
                    counts.append(c == 0 ? "" : ", ")
                            .append(data.classes().get(c))
                            .append(' ')
                            .append(perClass.get(c));
                }
                say("%-6s %d images (%s)".formatted(part.label() + ":", rows.length, counts));
            }
        }
        int size = resolved.data().imageSize();
        int batch = Math.min(resolved.data().batchSize(), split.rows(Part.TRAIN).length);
        say("Shape of X [N, C, H, W]: torch.Size([" + batch + ", 3, " + size + ", " + size + "])");
        say("Shape of y: torch.Size([" + batch + "]) torch.int64");
    }

    private static Compose training(Recipe recipe, Preprocessing preprocessing) {
        Recipe.Augment augment = recipe.augment();
        return preprocessing.training(
                augment.horizontalFlip(), augment.brightness(), augment.contrast(), augment.saturation());
    }

    /** What one training works on. */
    private final class Session implements AutoCloseable {
        final Recipe recipe;
        final ImageFolder data;
        final Preprocessing preprocessing;
        final ImageClassifier model;
        final Engine engine;
        final Inference inference;
        final Evaluator evaluator;
        final DataLoader train;
        final DataLoader val;
        final DataLoader test;
        final DataLoader selecting;
        final Part selectOn;
        final Run run;
        final Map<String, String> environment;

        Session(
                Recipe recipe,
                ImageFolder data,
                Split split,
                Preprocessing preprocessing,
                PixelCache pixels,
                ImageClassifier model,
                Device device)
                throws IOException {
            this.recipe = recipe;
            this.data = data;
            this.preprocessing = preprocessing;
            this.model = model;
            engine = Engine.of(recipe, model, device);
            inference = engine.inference(recipe.data().imageSize());
            evaluator = new Evaluator(inference, data.classes(), recipe.train().labelSmoothing());
            Recipe.Data settings = recipe.data();
            Compose plain = preprocessing.evaluation();
            int ahead = settings.loaderThreads();
            long seed = recipe.train().seed();
            train = new DataLoader(
                    pixels,
                    data.samples(),
                    split.rows(Part.TRAIN),
                    training(recipe, preprocessing),
                    settings.batchSize(),
                    settings.shuffle(),
                    seed,
                    ahead);
            val = new DataLoader(
                    pixels, data.samples(), split.rows(Part.VAL), plain, settings.batchSize(), false, seed, ahead);
            test = new DataLoader(
                    pixels, data.samples(), split.rows(Part.TEST), plain, settings.batchSize(), false, seed, ahead);
            selectOn = recipe.train().selectOn().equals("val") ? Part.VAL : Part.TEST;
            selecting = selectOn == Part.VAL ? val : test;
            environment = Environment.describe(engine.name(), recipe.train().device());
            List<String> digests = new ArrayList<>();
            for (ImageSample sample : data.samples()) {
                digests.add(Digest.sha256(sample.path()));
            }
            run = Run.create(out, checkpoint(0, 0, 0), recipe.toYaml(), SplitFile.text(data, split, digests));
        }

        Checkpoint checkpoint(int epoch, int bestEpoch, double bestAccuracy) {
            Manifest manifest = new Manifest(
                    Manifest.FORMAT_VERSION,
                    recipe.model(),
                    data.classes(),
                    preprocessing,
                    recipe.data().path(),
                    new Manifest.Progress(
                            epoch,
                            engine.steps(),
                            recipe.train().seed(),
                            recipe.train().selectOn(),
                            bestEpoch,
                            bestAccuracy),
                    environment,
                    Map.of());
            return new Checkpoint(manifest, new Safetensors(ModelState.of(model), Map.of()), engine.optimizerState());
        }

        @Override
        public void close() {
            train.close();
            val.close();
            test.close();
            inference.close();
            engine.close();
        }
    }

    private Run loop(Session s) throws IOException {
        say("Engine: " + s.engine.description() + ", " + s.environment.get("threads") + " threads, torch "
                + s.environment.get("torch") + ", " + s.environment.get("cpu"));
        say("Run: " + s.run.folder());
        LrSchedule schedule = s.recipe.train().lrSchedule();
        History history = new History(List.of());
        int bestEpoch = 0;
        double bestAccuracy = -1;
        for (int epoch = 1; epoch <= s.recipe.train().epochs(); epoch++) {
            double lr = schedule.at(epoch - 1);
            long start = System.nanoTime();
            int hits = 0;
            double lossSum = 0;
            int steps = 0;
            int seen = 0;
            for (Batch batch : s.train.epoch(epoch - 1)) {
                try (batch) {
                    Engine.Step step = s.engine.step(batch, lr);
                    steps++;
                    seen += batch.count();
                    hits += step.hits();
                    lossSum += step.loss();
                    if (!Double.isFinite(step.loss())) {
                        throw new ArithmeticException(
                                "the loss became " + step.loss() + " in epoch " + epoch + ", step "
                                        + steps + ", on " + names(s.data, batch) + "; the last good checkpoint is "
                                        + s.run.last());
                    }
                }
                listener.step(epoch, steps, s.train.batches(), lossSum / steps, seen / seconds(start));
            }
            double seconds = seconds(start);
            s.inference.update();
            Evaluation checked =
                    s.evaluator.evaluate(s.selecting, done -> listener.evaluating(done, s.selecting.count()));
            EpochMetrics metrics = new EpochMetrics(
                    epoch,
                    (double) hits / seen,
                    lossSum / steps,
                    s.selectOn,
                    checked.accuracy(),
                    checked.loss(),
                    lr,
                    schedule.at(epoch),
                    seconds,
                    seen / seconds);
            boolean better = metrics.acc() > bestAccuracy;
            if (better) {
                bestEpoch = epoch;
                bestAccuracy = metrics.acc();
            }
            Checkpoint checkpoint = s.checkpoint(epoch, bestEpoch, bestAccuracy);
            if (better) {
                s.run.saveBest(checkpoint);
            }
            s.run.saveLast(checkpoint);
            history = history.with(metrics);
            history.write(s.run.file("history.csv"));
            say(metrics.line());
            writeLog(s);
            listener.epoch(metrics);
        }
        return finish(s, bestEpoch, bestAccuracy, history);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static String names(ImageFolder data, Batch batch) {
        return Arrays.toString(IntStream.range(0, batch.count())
                .mapToObj(i -> data.samples().get(batch.sample(i)).name())
                .toArray());
    }

    /** Takes the best weights back and looks at the test pictures with them. */
    private Run finish(Session s, int bestEpoch, double bestAccuracy, History history) throws IOException {
        ModelState.load(s.model, s.run.readBest().weights().tensors(), s.run.best());
        s.inference.update();
        Evaluation test = s.evaluator.evaluate(s.test, done -> listener.evaluating(done, s.test.count()));
        say("Best epoch: " + bestEpoch + ", chosen on the " + s.selectOn.label() + " pictures");
        EvaluationText.lines(test, s.recipe.model().title(), "test").forEach(this::say);
        if (s.selectOn == Part.TEST) {
            say("Note: this accuracy is the best of " + history.epochs().size()
                    + " looks at the pictures it is reported on, so it is optimistic.");
        }
        writeLog(s);
        RunPlots.write(s.run);
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("model", s.recipe.model().name());
        metrics.put("params", s.model.parameterCount());
        metrics.put("epochs", history.epochs().size());
        metrics.put("best_epoch", bestEpoch);
        metrics.put("select_on", s.selectOn.label());
        metrics.put("best_accuracy", bestAccuracy);
        metrics.put("test", EvaluationText.json(test, "test"));
        AtomicFiles.write(
                s.run.file("metrics.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(metrics) + "\n");
        return s.run;
    }

    /** A line for the listener and for log.txt. */
    private void say(String text) {
        text.lines().forEach(line -> {
            log.append(line).append('\n');
            listener.message(line);
        });
    }

    private void writeLog(Session s) throws IOException {
        AtomicFiles.write(s.run.file("log.txt"), log.toString());
    }
}
