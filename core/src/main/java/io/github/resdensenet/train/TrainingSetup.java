package io.github.resdensenet.train;

import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.nn.NativeSettings;
import io.github.resdensenet.optim.LrSchedule;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Environment;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.RunLog;
import io.github.resdensenet.run.Weights;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Everything that the training loop works with: data, model, engine. Closing it frees all of them. */
final class TrainingSetup implements AutoCloseable {
    private final Recipe recipe;
    private final TrainingData data;
    private final Preprocessing preprocessing;
    private final ImageClassifier model;
    private final Engine engine;
    private final Inference inference;
    private final Loaders loaders;
    private final Validation validation;
    private final ProcessGroup group;
    private final Map<String, String> environment;

    /** Receives the number of images done so far, and the total. */
    interface ImageProgress {
        void done(int done, int total);
    }

    private TrainingSetup(
            Recipe recipe,
            TrainingData data,
            Preprocessing preprocessing,
            Loaders loaders,
            ImageClassifier model,
            ProcessGroup group) {
        if (group.size() > recipe.train().shards()) {
            throw new IllegalArgumentException("training with " + group.size()
                    + " processes needs train.shards of at least " + group.size() + ", got "
                    + recipe.train().shards());
        }
        this.recipe = recipe;
        this.data = data;
        this.preprocessing = preprocessing;
        this.loaders = loaders;
        this.model = model;
        this.group = group;
        Device device = NativeSettings.device(recipe.train().device());
        model.to(device);
        Recipe feasible = withBatchAtMost(loaders.train().count(), recipe); // the engine prepares itself for a batch
        engine = Engine.of(feasible, model, data.classWeights(recipe), device, group);
        inference = engine.inference(recipe.data().imageSize());
        validation = new Validation(recipe, data, model, inference, loaders, group);
        environment = Environment.describe(engine.name(), device.is_cuda() ? "cuda" : "cpu");
    }

    /**
     * Prepares a new training run.
     *
     * @param init pretrained weights, or null for random initialisation
     * @param newHead whether the head keeps its random initialisation
     * @param group the processes that train together
     */
    static TrainingSetup create(
            Recipe recipe, @Nullable Path init, boolean newHead, ProcessGroup group, RunLog log, ImageProgress progress)
            throws IOException {
        ImageFolder folder = ImageFolder.open(recipe.data().folder());
        if (recipe.data().ordinal()) {
            TrainingData.requireNumericOrder(folder.classes());
        }
        Recipe resolved = Trainer.withPrecision(recipe.resolved(folder, log::say));
        NativeSettings.apply(resolved.train().threads());
        resolved.model().requireMemory(Pointer.totalPhysicalBytes());
        ImageClassifier model = Models.create(
                resolved.model(), folder.classes().size(), resolved.train().seed());
        return closingOnFailure(model, () -> {
            checkImageSize(model, resolved);
            Normalize normalize = init == null ? Normalize.IMAGENET : load(Weights.read(init), model, newHead);
            Preprocessing preprocessing = new Preprocessing(
                    resolved.data().imageSize(),
                    normalize,
                    resolved.data().upright(),
                    resolved.data().resize());
            PixelCache pixels = read(folder, preprocessing, progress);
            return closingOnFailure(pixels, () -> {
                if (resolved.data().onBad() == Recipe.OnBad.FAIL) {
                    pixels.requireAll();
                }
                TrainingData data = TrainingData.split(folder, pixels, resolved, init);
                data.trainingSizes().forEach(images -> checkBatchSize(model, resolved, images));
                data.describe(resolved, preprocessing, log);
                Loaders loaders = new Loaders(resolved, data, preprocessing, pixels.readable(), group, progress);
                return closingOnFailure(
                        loaders, () -> new TrainingSetup(resolved, data, preprocessing, loaders, model, group));
            });
        });
    }

    private static Recipe withBatchAtMost(int images, Recipe recipe) {
        return recipe.data().batchSize() <= images ? recipe : recipe.with("data.batchSize", Integer.toString(images));
    }

    private static void checkImageSize(ImageClassifier model, Recipe recipe) {
        int start = recipe.train().startSize();
        String key = start > 0 ? "train.startSize" : "data.imageSize";
        int size = start > 0 ? start : recipe.data().imageSize(); // the smaller of the two
        if (size < model.minImageSize()) {
            throw new IllegalArgumentException(key + " must be at least " + model.minImageSize() + " for "
                    + recipe.model().name() + ", got " + size);
        }
    }

    private static void checkBatchSize(ImageClassifier model, Recipe recipe, int trainRows) {
        int size = ImageSizes.of(recipe).at(0); // the smallest one
        int batch = recipe.data().batchSize();
        int last = trainRows % batch == 0 ? batch : trainRows % batch;
        if (Math.min(last, trainRows) == 1 && model.featureSize(size) == 1) {
            throw new IllegalArgumentException("data.batchSize " + batch + " leaves 1 image for a step (" + trainRows
                    + " training images), and at image size " + size
                    + " the last feature map is 1 x 1: batch normalisation needs 2 values per channel");
        }
        int shards = recipe.train().shards();
        int full = Math.min(batch, trainRows);
        boolean single = imagesPerShard(full, shards) == 1 || imagesPerShard(last, shards) == 1;
        if (recipe.train().batchNorm() == Recipe.BatchNormScope.LOCAL && single && model.featureSize(size) == 1) {
            throw new IllegalArgumentException("train.batchNorm local: train.shards " + shards
                    + " leaves 1 image for a shard (batches of " + full + " and " + Math.min(last, full)
                    + " images), and at image size " + size
                    + " the last feature map is 1 x 1: batch normalisation needs 2 values per channel");
        }
    }

    /** The number of images in the smallest shard of a batch. */
    private static int imagesPerShard(int images, int shards) {
        return images / Math.min(images, shards);
    }

    private static Normalize load(Weights weights, ImageClassifier model, boolean newHead) throws IOException {
        if (newHead) {
            weights.loadBackbone(model);
        } else {
            weights.load(model);
        }
        return weights.normalize();
    }

    /** Prepares the continuation of a run, from its newest checkpoint. */
    static TrainingSetup resume(Resumption from, ProcessGroup group, RunLog log, ImageProgress progress)
            throws IOException {
        Recipe recipe = from.recipe();
        Manifest manifest = from.manifest();
        ImageFolder folder = ImageFolder.open(recipe.data().folder(), manifest.classes());
        TrainingData data = TrainingData.of(from.run(), folder, manifest.splitSha256());
        NativeSettings.apply(recipe.train().threads());
        ImageClassifier model = from.checkpoint().model(from.run().last());
        return closingOnFailure(model, () -> {
            PixelCache pixels = read(data.folder(), manifest.preprocessing(), progress);
            return closingOnFailure(pixels, () -> {
                pixels.requireAll();
                Preprocessing preprocessing = manifest.preprocessing();
                Loaders loaders = new Loaders(recipe, data, preprocessing, pixels, group, progress);
                TrainingSetup setup = closingOnFailure(
                        loaders, () -> new TrainingSetup(recipe, data, preprocessing, loaders, model, group));
                return closingOnFailure(setup, () -> {
                    setup.engine.optimizer.load(
                            from.checkpoint().optimizer(), from.run().last());
                    from.environmentChanges(setup.environment).forEach(log::say);
                    return setup;
                });
            });
        });
    }

    private interface Preparation {
        TrainingSetup run() throws IOException;
    }

    private static TrainingSetup closingOnFailure(AutoCloseable resource, Preparation preparation) throws IOException {
        try {
            return preparation.run();
        } catch (IOException | RuntimeException | Error e) {
            try {
                resource.close();
            } catch (Exception suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private static PixelCache read(ImageFolder folder, Preprocessing preprocessing, ImageProgress progress)
            throws IOException {
        int total = folder.samples().size();
        return PixelCache.ofReadable(
                folder.samples(), preprocessing, torch.get_num_threads(), done -> progress.done(done, total));
    }

    Recipe recipe() {
        return recipe;
    }

    Engine engine() {
        return engine;
    }

    /** Evaluates the model. */
    Validation validation() {
        return validation;
    }

    /** Evaluates the model after an epoch: with the averaged weights, if there are any. */
    History.EpochMetrics evaluate(Run run, Manifest.Progress state, double lr, ImageProgress progress)
            throws IOException {
        engine.optimizer.swapAverage();
        try {
            return validation.epoch(run, state, lr, progress);
        } finally {
            engine.optimizer.swapAverage();
        }
    }

    /** The learning rate schedule after the epochs of a history. */
    LrSchedule schedule(History history) {
        int accumulate = recipe.train().accumulate();
        LrSchedule schedule = LrSchedule.of(recipe.train(), (loaders.train().batches() + accumulate - 1) / accumulate);
        for (History.EpochMetrics epoch : history.epochs()) {
            schedule = schedule.after(epoch.loss());
        }
        return schedule;
    }

    /** The learning rate of the step to which the next batch of an epoch belongs. */
    double lr(LrSchedule schedule, Manifest.Progress state) {
        return schedule.at(state.epoch(), state.batch() / recipe.train().accumulate());
    }

    /** Loads the batches. */
    Loaders loaders() {
        return loaders;
    }

    /**
     * Computes a batch of a training step, of the head only while the backbone is frozen, and closes the batch.
     *
     * @throws ArithmeticException if the loss or a gradient is not finite, naming the images
     */
    Engine.Step step(Batch batch, Manifest.Progress state, double lr) {
        try (batch) {
            Engine.StepShare share = share(batch, state);
            return state.epoch() < recipe.train().freezeEpochs()
                    ? stepHead(batch, share, lr)
                    : engine.step(batch, share, lr);
        } catch (ArithmeticException e) {
            List<String> names = IntStream.of(batch.indices())
                    .mapToObj(i -> data.folder().samples().get(i).name())
                    .toList();
            throw new ArithmeticException(e.getMessage() + " in epoch " + (state.epoch() + 1) + ", batch "
                    + (state.batch() + 1) + ", on " + names);
        }
    }

    /** Which share of a step the next batch of an epoch is. */
    private Engine.StepShare share(Batch batch, Manifest.Progress state) {
        int step = recipe.train().accumulate() * recipe.data().batchSize();
        int first = state.batch() * recipe.data().batchSize() / step * step;
        int images = Math.min(step, loaders.train().count() - first);
        return new Engine.StepShare((double) batch.count() / images, endsStep(state.batch() + 1));
    }

    /** Whether the weights are updated after a number of batches of an epoch. */
    boolean endsStep(int batches) {
        return batches % recipe.train().accumulate() == 0
                || batches == loaders.train().batches();
    }

    /** Computes a batch for the head. Each process computes all of it, so the losses must agree. */
    private Engine.Step stepHead(Batch batch, Engine.StepShare share, double lr) {
        Engine.Step step = engine.stepHead(batch, share, lr);
        group.requireSame("the loss", Double.hashCode(step.loss()));
        return step;
    }

    /**
     * Checks that all processes have the same weights and moments.
     *
     * @throws UncheckedIOException if they differ, naming the ranks
     */
    void checkReplicas() {
        if (group.size() > 1) {
            group.requireSame("the weights", engine.optimizer.checksum());
        }
    }

    /** Whether this process writes the run's files. */
    boolean isWriter() {
        return group.rank() == 0;
    }

    /** The files of a new run, besides its checkpoint. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>(data.texts());
        texts.put("recipe.yaml", recipe.toYaml());
        return texts;
    }

    /** A copy of the state of model and optimiser. */
    Checkpoint checkpoint(Manifest.Progress state, History history) {
        Manifest manifest = new Manifest(
                recipe.model(),
                data.folder().classes(),
                preprocessing,
                recipe.data().path(),
                recipe.toYaml(),
                data.splitSha256(),
                state,
                history.lines(),
                environment);
        return Checkpoint.of(manifest, model, engine.optimizer.state());
    }

    void describe(Run run, RunLog log) {
        String processes = group.size() == 1 ? "" : group.size() + " processes, each with ";
        log.say("Engine: " + engine.description() + ", " + processes + environment.get("threads") + " threads, torch "
                + environment.get("torch") + ", " + environment.get("cpu"));
        if (recipe.train().freezeEpochs() > 0) {
            log.say("Frozen: the backbone (all but " + model.headName() + ") until the end of epoch "
                    + recipe.train().freezeEpochs() + "; it runs in evaluation mode, in float32 by libtorch");
        }
        log.say("Run: " + run.folder());
    }

    @Override
    public void close() throws IOException {
        loaders.close();
        inference.close();
        engine.close();
        model.close();
    }
}
