package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Checkpoint;
import io.github.resdensenet.checkpoint.Digest;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.checkpoint.RunLock;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.data.Batch;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.Groups;
import io.github.resdensenet.data.ImageSample;
import io.github.resdensenet.data.PixelCache;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.Answers;
import io.github.resdensenet.eval.Decimal;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.EvaluationText;
import io.github.resdensenet.eval.Evaluator;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.report.ReportData;
import io.github.resdensenet.transforms.Compose;
import io.github.resdensenet.transforms.Preprocessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The epochs of one training and what they work on. All that decides the steps to come is in {@link #progress}, the
 * weights and the optimiser; a checkpoint is these three, so a training goes on from one as if nothing had happened.
 */
final class TrainingSession implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Recipe recipe;
    private final TrainingData data;
    private final Preprocessing preprocessing;
    private final ImageClassifier model;
    private final RunLog log;
    private final TrainListener listener;
    private final BooleanSupplier stopping;
    private final Engine engine;
    private final Inference inference;
    private final Evaluator evaluator;
    private final DataLoader train;
    private final DataLoader val;
    private final DataLoader test;
    private final Part selectOn;
    private final Map<String, String> environment;
    private final String splitSha256;
    private final CheckpointSaver saver = new CheckpointSaver();
    private @Nullable RunLock lock;
    private long heldUpNanos;
    private int saves;
    private Run run = new Run(Path.of(""));
    private Manifest.Progress progress;
    private History history = new History(List.of());
    private long lastSaved = System.nanoTime();

    TrainingSession(
            Recipe recipe,
            TrainingData data,
            Preprocessing preprocessing,
            PixelCache pixels,
            ImageClassifier model,
            Device device,
            RunLog log,
            TrainListener listener,
            BooleanSupplier stopping) {
        this.recipe = recipe;
        this.data = data;
        this.preprocessing = preprocessing;
        this.model = model;
        this.log = log;
        this.listener = listener;
        this.stopping = stopping;
        engine = Engine.of(recipe, model, device);
        inference = engine.inference(recipe.data().imageSize());
        evaluator =
                new Evaluator(inference, data.folder().classes(), recipe.train().labelSmoothing());
        train = loader(
                pixels,
                Part.TRAIN,
                recipe.augment().over(preprocessing),
                recipe.data().shuffle());
        val = loader(pixels, Part.VAL, preprocessing.evaluation(), false);
        test = loader(pixels, Part.TEST, preprocessing.evaluation(), false);
        selectOn = recipe.train().selectOn().equals("val") ? Part.VAL : Part.TEST;
        environment = Environment.describe(engine.name(), recipe.train().device());
        splitSha256 = Digest.sha256(data.splitText());
        progress = Manifest.Progress.start(recipe.train().seed(), recipe.train().selectOn());
    }

    private DataLoader loader(PixelCache pixels, Part part, Compose transform, boolean shuffle) {
        return new DataLoader(
                pixels,
                data.folder().samples(),
                data.split().rows(part),
                transform,
                recipe.data().batchSize(),
                shuffle,
                recipe.train().seed(),
                recipe.data().loaderThreads());
    }

    /** Makes the run folder, with the state before the first step in it. */
    void begin(Path out) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>(data.texts());
        texts.put("recipe.yaml", recipe.toYaml());
        run = Run.create(out, checkpoint(), texts);
        lock = RunLock.take(run);
        introduce();
    }

    /** Takes up the state where an earlier training stopped. The weights are in the model already. */
    void takeUp(Resumption from) throws IOException {
        run = from.run();
        Manifest manifest = from.manifest();
        engine.load(from.checkpoint().optimizer(), run.last());
        progress = manifest.progress();
        if (!from.bestIsGood()) {
            progress = progress.withBest(0, -1);
        }
        history = History.parse(manifest.history(), run.last());
        for (String key : List.of("threads", "engine", "device", "cpu", "torch")) {
            String before = manifest.environment().getOrDefault(key, "unknown");
            String now = environment.getOrDefault(key, "unknown");
            if (!before.equals(now)) {
                log.say("Note: " + key + " was " + before + " and is " + now
                        + "; the weights may part from an unbroken training's in their last bits");
            }
        }
        Files.deleteIfExists(run.file("metrics.json"));
        AtomicFiles.write(run.file("recipe.yaml"), recipe.toYaml());
        history.write(run.file("history.csv"));
        RunEvents.write(run, recipe, progress.bestEpoch(), null, List.of());
        introduce();
    }

    private void introduce() {
        log.say("Engine: " + engine.description() + ", " + environment.get("threads") + " threads, torch "
                + environment.get("torch") + ", " + environment.get("cpu"));
        if (isFrozen()) {
            log.say("Frozen: all but " + model.headName() + " until the end of epoch "
                    + recipe.train().freezeEpochs() + "; the body computes as in evaluation, in float32 by libtorch");
        }
        log.say("Run: " + run.folder());
    }

    /** Trains from where the progress is to the last epoch, and judges the best. */
    Run train() throws IOException {
        LrSchedule schedule = recipe.train().lrSchedule();
        while (progress.epoch() < recipe.train().epochs()) {
            double lr = schedule.at(progress.epoch());
            trainEpoch(lr);
            finishEpoch(lr, schedule.at(progress.epoch() + 1));
        }
        saver.await();
        finish();
        return run;
    }

    private void trainEpoch(double lr) throws IOException {
        int batchSize = recipe.data().batchSize();
        long mark = System.nanoTime();
        for (Batch batch : train.epoch(progress.epoch(), progress.batch())) {
            try (batch) {
                Engine.Step step = step(batch, lr);
                long now = System.nanoTime();
                progress = progress.afterStep(step.hits(), step.loss(), (now - mark) / 1e9, engine.steps());
                mark = now;
            }
            int done = progress.batch();
            int seen = Math.min(done * batchSize, train.count());
            listener.step(
                    progress.epoch() + 1,
                    recipe.train().epochs(),
                    done,
                    train.batches(),
                    progress.lossSum() / done,
                    seen / progress.seconds());
            if (stopping.getAsBoolean()) {
                throw stopped();
            }
            if (System.nanoTime() - lastSaved > recipe.train().checkpointMinutes() * 60e9 && done < train.batches()) {
                save(false);
            }
        }
    }

    private Engine.Step step(Batch batch, double lr) throws IOException {
        try {
            return isFrozen() ? engine.stepHead(batch, lr) : engine.step(batch, lr);
        } catch (ArithmeticException e) {
            List<String> names = IntStream.range(0, batch.count())
                    .mapToObj(i -> data.folder().samples().get(batch.sample(i)).name())
                    .toList();
            throw diverged(e.getMessage() + " in epoch " + (progress.epoch() + 1) + ", step " + (progress.batch() + 1)
                    + ", on " + names);
        }
    }

    private boolean isFrozen() {
        return progress.epoch() < recipe.train().freezeEpochs();
    }

    private ArithmeticException diverged(String what) throws IOException {
        saver.await();
        return new ArithmeticException(what + "; the last good checkpoint is " + run.last());
    }

    /** Looks at the pictures that choose the best epoch, and keeps the state. */
    private void finishEpoch(double lr, double nextLr) throws IOException {
        int epoch = progress.epoch() + 1;
        inference.update();
        Answers checked = answers(selectOn == Part.VAL ? val : test);
        if (selectOn == Part.TEST) {
            TestLooks.add(run);
        }
        if (!Double.isFinite(checked.loss())) {
            throw diverged("the loss on the " + selectOn.label() + " pictures became " + checked.loss()
                    + " after epoch " + epoch);
        }
        EpochMetrics metrics = new EpochMetrics(
                epoch,
                (double) progress.hits() / train.count(),
                progress.lossSum() / train.batches(),
                selectOn,
                checked.accuracy(),
                checked.loss(),
                lr,
                nextLr,
                progress.seconds(),
                train.count() / progress.seconds());
        boolean better = metrics.acc() > progress.bestAccuracy();
        progress = (better ? progress.withBest(epoch, metrics.acc()) : progress).afterEpoch();
        history = history.with(metrics);
        save(better);
        history.write(run.file("history.csv"));
        RunEvents.write(run, recipe, progress.bestEpoch(), null, List.of());
        log.say(metrics.line());
        log.write(run);
        listener.epoch(metrics);
    }

    /** The answers with what their pictures belong to, where the recipe says that. */
    static Answers grouped(Answers answers, Recipe recipe) throws IOException {
        List<String> groups = Groups.of(
                recipe.data().groupBy(),
                answers.samples().stream().map(ImageSample::name).toList());
        return groups.isEmpty() ? answers : answers.withGroups(groups);
    }

    private Answers answers(DataLoader loader) throws IOException {
        try {
            return evaluator.answer(loader, done -> {
                listener.evaluating(done, loader.count());
                if (stopping.getAsBoolean()) {
                    throw new StoppedException("");
                }
            });
        } catch (StoppedException e) {
            throw stopped();
        }
    }

    /** Saves and says where. */
    private StoppedException stopped() throws IOException {
        if (progress.epoch() < recipe.train().epochs()) {
            save(false);
            saver.await();
        }
        log.say("Stopped after " + progress.epoch() + " epochs and " + progress.batch() + " steps");
        log.write(run);
        return new StoppedException("stopped; go on with: resdensenet train --resume " + run.folder());
    }

    /** Copies the state and starts to write it. */
    private void save(boolean isBest) throws IOException {
        if (!engine.optimizer().weightsAreFinite()) {
            throw diverged("a weight is no finite number after step " + progress.step());
        }
        long begun = System.nanoTime();
        saver.await();
        Checkpoint checkpoint = checkpoint();
        heldUpNanos += System.nanoTime() - begun;
        saves++;
        saver.start(() -> {
            if (isBest) {
                run.saveBest(checkpoint);
            }
            run.saveLast(checkpoint);
        });
        lastSaved = System.nanoTime();
    }

    private Checkpoint checkpoint() {
        Manifest manifest = new Manifest(
                recipe.model(),
                data.folder().classes(),
                preprocessing,
                recipe.data().path(),
                recipe.toYaml(),
                splitSha256,
                progress,
                history.lines(),
                environment);
        return new Checkpoint(manifest, new Safetensors(ModelState.of(model), Map.of()), engine.optimizerState());
    }

    /** Takes the best weights back, calibrates them and looks at the test pictures with them. */
    private void finish() throws IOException {
        Checkpoint best = run.readBest();
        ModelState.load(model, best.weights().tensors(), run.best());
        inference.update();
        Temperature temperature = calibrate();
        best = best.withManifest(best.manifest().withTemperature(temperature.value()));
        run.saveBest(best);
        Evaluation result = Evaluation.of(
                grouped(answers(test), recipe), temperature, recipe.data().ordinal());
        int looks = TestLooks.add(run);
        double trained =
                history.epochs().stream().mapToDouble(EpochMetrics::seconds).sum();
        log.say("Checkpoints: %d saved, %.2f s of training held up (%.2f%%), %.2f s written beside it"
                .formatted(saves, heldUpNanos / 1e9, 100 * heldUpNanos / 1e9 / trained, saver.seconds()));
        log.say("Best epoch: " + progress.bestEpoch() + ", chosen on the " + selectOn.label() + " pictures");
        EvaluationText.lines(result, recipe.model().title(), "test").forEach(log::say);
        log.say(TestLooks.words(looks));
        if (selectOn == Part.TEST) {
            log.say("Note: this accuracy is the best of " + history.epochs().size()
                    + " looks at the pictures it is reported on, so it is optimistic.");
        }
        log.write(run);
        run.writePth(best);
        RunPlots.write(run);
        RunEvents.write(run, recipe, progress.bestEpoch(), result, report(result));
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("model", recipe.model().name());
        metrics.put("params", model.parameterCount());
        metrics.put("epochs", history.epochs().size());
        metrics.put("best_epoch", progress.bestEpoch());
        metrics.put("select_on", selectOn.label());
        metrics.put("best_accuracy", progress.bestAccuracy());
        metrics.put("temperature", temperature.value());
        metrics.put("test_looks", looks);
        metrics.put("test", EvaluationText.json(result, "test"));
        AtomicFiles.write(
                run.file("metrics.json"), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(metrics) + "\n");
    }

    private Temperature calibrate() throws IOException {
        if (val.count() == 0) {
            log.say(
                    "Calibration: skipped, it needs val pictures (data.split.val); probabilities are the network's own");
            return Temperature.NONE;
        }
        Temperature temperature = Temperature.fit(answers(val));
        log.say("Calibration: temperature " + Decimal.fixed(temperature.value(), 3) + ", fitted on the " + val.count()
                + " val pictures"
                + (temperature.isAtBound()
                        ? "; that is the end of the range " + Temperature.MIN + " to " + Temperature.MAX
                                + ", since their likelihood still rises there"
                        : ""));
        return temperature;
    }

    /** Writes the report and returns its pictures; a training does not fail for want of it. */
    private List<ReportData.Gallery> report(Evaluation result) throws IOException {
        try {
            ReportData report = RunReport.data(run, result);
            RunReport.write(run, report);
            return report.galleries();
        } catch (IOException | RuntimeException | LinkageError e) { // the last on machines without font libraries
            log.say("Note: report.html was not written: " + e.getMessage());
            log.write(run);
            return List.of();
        }
    }

    @Override
    public void close() throws IOException {
        train.close();
        val.close();
        test.close();
        saver.close();
        inference.close();
        engine.close();
        if (lock != null) {
            lock.close();
        }
    }
}
