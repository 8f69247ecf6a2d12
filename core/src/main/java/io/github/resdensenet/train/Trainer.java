package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.RunLock;
import io.github.resdensenet.checkpoint.Weights;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Trains a network by a recipe and leaves a run folder, or goes on with one.
 *
 * <p>Read top to bottom: {@link #train(Recipe, Path, Path, boolean)} and {@link #resume} prepare, {@link TrainingSession}
 * goes through the epochs and judges the best.
 */
public final class Trainer {
    private final TrainListener listener;
    private final RunLog log;
    private volatile boolean stopping;

    /** A trainer that tells what it does. */
    public Trainer(TrainListener listener) {
        this.listener = listener;
        this.log = new RunLog(listener);
    }

    /**
     * Trains by a recipe.
     *
     * @param out the run folder to make
     * @throws IOException if the pictures cannot be read or the folder not be written
     * @throws IllegalArgumentException if the recipe does not fit the pictures
     */
    public static Run train(Recipe recipe, Path out) throws IOException {
        return new Trainer(new TrainListener() {}).train(recipe, out, null, false);
    }

    /**
     * Trains by a recipe to the end.
     *
     * @param out the run folder to make
     * @param init weights to start from, a run folder or a .pth, safetensors or Keras file; null for random ones. Pictures
     *     are normalised as those weights were trained
     * @param newHead whether the last layer starts at random all the same
     * @throws StoppedException after {@link #stop()}
     */
    public Run train(Recipe recipe, Path out, @Nullable Path init, boolean newHead) throws IOException {
        Run.checkFree(out);
        Path root = BuiltInData.resolve(recipe.data().path());
        ImageFolder folder = ImageFolder.open(root);
        Recipe resolved = recipe.resolved();
        NativeSettings.apply(resolved.train().threads());
        try (ImageClassifier model = Models.create(
                resolved.model(), folder.classes().size(), resolved.train().seed())) {
            checkImageSize(model, resolved);
            Normalize normalize = Normalize.IMAGENET;
            if (init != null) {
                Weights weights = Weights.read(init);
                if (newHead) {
                    weights.loadWithoutHead(model);
                } else {
                    weights.load(model);
                }
                normalize = weights.normalize();
            }
            Preprocessing preprocessing = new Preprocessing(
                    resolved.data().imageSize(), normalize, resolved.data().upright());
            try (PixelCache pixels = read(folder, preprocessing)) {
                if (resolved.data().onBad().equals("fail")) {
                    pixels.requireAll();
                }
                TrainingData data = TrainingData.deal(folder, pixels, resolved);
                checkBatchSize(model, resolved, data.split().rows(Part.TRAIN).length);
                describe(resolved, preprocessing, data.folder(), data.split());
                data.remarks().forEach(log::say);
                return run(resolved, preprocessing, data, pixels.readable(), model, session -> session.begin(out));
            }
        }
    }

    /**
     * Goes on with a run from its newest checkpoint, with the same order and the same random changes: an unbroken
     * training would have come to the same weights. A finished run stays as it is.
     *
     * @param epochs epochs in all, to train longer than the run's recipe says; 0 for as many as that says
     * @throws IOException if the run, its recipe or its pictures were changed, naming the difference
     * @throws StoppedException after {@link #stop()}
     */
    public Run resume(Path folder, int epochs) throws IOException {
        Run run = Run.open(folder);
        try (RunLock lock = RunLock.take(run)) {
            Resumption from = Resumption.of(run, epochs);
            if (run.isFinished() && !from.goesFurther()) {
                listener.message(run.folder() + ": finished after epoch "
                        + from.manifest().progress().epoch() + "; more epochs with --epochs N");
                return run;
            }
            log.continueFrom(run);
            from.remarks().forEach(log::say);
            Recipe recipe = from.recipe();
            ImageFolder pictures = ImageFolder.open(
                    BuiltInData.resolve(recipe.data().path()), from.manifest().classes());
            TrainingData data = TrainingData.of(run, pictures, from.manifest().splitSha256());
            NativeSettings.apply(recipe.train().threads());
            try (ImageClassifier model = from.checkpoint().model(run.last())) {
                Preprocessing preprocessing = from.manifest().preprocessing();
                try (PixelCache pixels = read(data.folder(), preprocessing)) {
                    pixels.requireAll();
                    return run(recipe, preprocessing, data, pixels, model, session -> session.takeUp(from));
                }
            }
        }
    }

    /**
     * Asks the training to stop after the step under way: it saves where it is, and throws {@link StoppedException}. May
     * be called from any thread.
     */
    public void stop() {
        stopping = true;
    }

    /** How a session comes by its run folder. */
    private interface Opening {
        void open(TrainingSession session) throws IOException;
    }

    private PixelCache read(ImageFolder folder, Preprocessing preprocessing) throws IOException {
        int total = folder.samples().size();
        return PixelCache.ofReadable(folder.samples(), preprocessing, torch.get_num_threads(), done -> {
            if (stopping) {
                throw new StoppedException("stopped while reading pictures");
            }
            listener.reading(done, total);
        });
    }

    private Run run(
            Recipe recipe,
            Preprocessing preprocessing,
            TrainingData data,
            PixelCache pixels,
            ImageClassifier model,
            Opening opening)
            throws IOException {
        Device device = NativeSettings.device(recipe.train().device());
        model.to(device);
        try (TrainingSession session = new TrainingSession(
                recipe, data, preprocessing, pixels, model, device, log, listener, () -> stopping)) {
            opening.open(session);
            return session.train();
        }
    }

    private static void checkImageSize(ImageClassifier model, Recipe recipe) {
        int size = recipe.data().imageSize();
        if (size < model.minImageSize()) {
            throw new IllegalArgumentException("data.imageSize must be at least " + model.minImageSize() + " for "
                    + recipe.model().name() + ", got " + size);
        }
    }

    private static void checkBatchSize(ImageClassifier model, Recipe recipe, int trainRows) {
        int size = recipe.data().imageSize();
        int batch = recipe.data().batchSize();
        int last = trainRows % batch == 0 ? batch : trainRows % batch;
        if (Math.min(last, trainRows) == 1 && model.featureSize(size) == 1) {
            throw new IllegalArgumentException("data.batchSize " + batch + " leaves 1 image for a step (" + trainRows
                    + " training images), and at data.imageSize " + size
                    + " the last feature map is 1 x 1: batch normalisation needs 2 values a channel");
        }
    }

    private void describe(Recipe resolved, Preprocessing preprocessing, ImageFolder data, Split split) {
        log.say("Dataset ImageFolder");
        log.say("    Number of datapoints: " + data.samples().size());
        log.say("    Root location: " + data.root());
        log.say("    Train transform: "
                + resolved.augment().over(preprocessing).toString().replace("\n", "\n    "));
        log.say("    Test transform: " + preprocessing.evaluation().toString().replace("\n", "\n    "));
        log.say("Classes: " + data.classToIndex());
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
                log.say("%-6s %d images (%s)".formatted(part.label() + ":", rows.length, counts));
            }
        }
        int size = resolved.data().imageSize();
        int batch = Math.min(resolved.data().batchSize(), split.rows(Part.TRAIN).length);
        log.say("Shape of X [N, C, H, W]: torch.Size([" + batch + ", 3, " + size + ", " + size + "])");
        log.say("Shape of y: torch.Size([" + batch + "]) torch.int64");
    }
}
