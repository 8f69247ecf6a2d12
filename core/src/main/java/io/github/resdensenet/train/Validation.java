package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.engine.Inference;
import io.github.resdensenet.eval.ModelOutputs;
import io.github.resdensenet.eval.Temperature;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.optim.Optimizer;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest.Progress;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.run.RunLog;
import io.github.resdensenet.train.TrainingSetup.ImageProgress;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Evaluates the model of a training run: after each epoch, and at the end. */
final class Validation {
    private final Recipe recipe;
    private final TrainingData data;
    private final ImageClassifier model;
    private final Inference inference;
    private final Loaders loaders;
    private final ProcessGroup group;

    /**
     * Creates the evaluation of a model.
     *
     * @param loaders the images of each subset
     * @param group the processes, which share the evaluation after each epoch
     */
    Validation(
            Recipe recipe,
            TrainingData data,
            ImageClassifier model,
            Inference inference,
            Loaders loaders,
            ProcessGroup group) {
        this.recipe = recipe;
        this.data = data;
        this.model = model;
        this.inference = inference;
        this.loaders = loaders;
        this.group = group;
    }

    /** The subset that selects the best epoch. */
    Subset subset() {
        return recipe.train().selectOn().subset();
    }

    /** Evaluates the subset that selects the best epoch. */
    EpochMetrics epoch(Run run, Progress state, double lr, ImageProgress progress) throws IOException {
        inference.update();
        ModelOutputs outputs = group.size() == 1 ? outputs(subset(), progress) : sharedOutputs(progress);
        if (subset() == Subset.TEST) {
            run.countTestEvaluation();
        }
        if (!Double.isFinite(outputs.loss())) {
            throw new ArithmeticException("the loss on the " + subset().title() + " images became " + outputs.loss()
                    + " after epoch " + (state.epoch() + 1));
        }
        return EpochMetrics.of(state, loader(Subset.TRAIN), subset(), outputs.accuracy(), outputs.loss(), lr);
    }

    /** Evaluates a part of the images, and exchanges the logits with the other processes. */
    private ModelOutputs sharedOutputs(ImageProgress progress) {
        int[] rows = data.split().rows(subset());
        int classes = data.folder().classes().size();
        int most = (rows.length + group.size() - 1) / group.size();
        double[] own = new double[most * classes];
        int at = 0;
        for (double[] row : outputs(loaders.own(), progress).logits()) {
            System.arraycopy(row, 0, own, at, classes);
            at += classes;
        }
        double[] all = group.allGather(own);
        List<double[]> logits = new ArrayList<>();
        for (int rank = 0; rank < group.size(); rank++) {
            int start = rank * most * classes;
            for (int i = 0; i < Range.part(rows.length, rank, group.size()).size(); i++) {
                logits.add(Arrays.copyOfRange(all, start + i * classes, start + (i + 1) * classes));
            }
        }
        return data.withGroups(new ModelOutputs(
                data.folder().classes(),
                Arrays.stream(rows)
                        .mapToObj(row -> data.folder().samples().get(row))
                        .toList(),
                List.of(),
                logits.toArray(double[][]::new),
                recipe.train().labelSmoothing(),
                recipe.data().batchSize()));
    }

    /** The images that a process evaluates: a part of equal size, give or take one image. */
    static int[] part(int[] rows, int rank, int processes) {
        Range own = Range.part(rows.length, rank, processes);
        return Arrays.copyOfRange(rows, own.from(), own.to());
    }

    private ModelOutputs outputs(Subset subset, ImageProgress progress) {
        return data.withGroups(outputs(loader(subset), progress));
    }

    private ModelOutputs outputs(DataLoader loader, ImageProgress progress) {
        return ModelOutputs.of(
                inference,
                loader,
                data.folder().classes(),
                recipe.train().labelSmoothing(),
                done -> progress.done(done, loader.count()));
    }

    private DataLoader loader(Subset subset) {
        return loaders.of(subset);
    }

    /** Restores the best weights, calibrates them on the validation set and saves them. */
    TrainListener.Trained finish(Run run, Progress state, History history, RunLog log, ImageProgress progress)
            throws IOException {
        Checkpoint best = run.readBest();
        if (recipe.train().emaDecay() > 0) {
            compareAverage(run, best, log, progress);
        }
        best.loadInto(model, run.best());
        inference.update();
        Optional<ModelOutputs> validation =
                loader(Subset.VAL).count() == 0 ? Optional.empty() : Optional.of(outputs(Subset.VAL, progress));
        Temperature temperature = calibrate(validation, log);
        Checkpoint calibrated = best.withManifest(best.manifest().withTemperature(temperature.value()));
        if (validation.isPresent()) { // before the checkpoint, which a service may load at once
            writeDriftReference(
                    run,
                    validation.get(),
                    temperature,
                    best.manifest().preprocessing().normalize());
        }
        run.saveBest(calibrated);
        run.writePth(calibrated);
        return new TrainListener.Trained(
                run,
                recipe,
                history,
                state.bestEpoch(),
                calibrated,
                model.parameterCount(),
                temperature,
                subset -> outputs(subset, progress),
                log::say);
    }

    /** Logs the accuracy of the best epoch with and without averaging. */
    private void compareAverage(Run run, Checkpoint best, RunLog log, ImageProgress progress) throws IOException {
        ModelState.load(model, Optimizer.rawWeights(best), run.best());
        inference.update();
        log.say(String.format(
                Locale.ROOT,
                "Average of the weights: %s%% on the %s images; without averaging, the same epoch has %s%%",
                Decimal.percent(best.manifest().progress().bestAccuracy()),
                subset().title(),
                Decimal.percent(outputs(subset(), progress).accuracy())));
        if (subset() == Subset.TEST) {
            run.countTestEvaluation();
        }
    }

    private void writeDriftReference(Run run, ModelOutputs validation, Temperature temperature, Normalize normalize)
            throws IOException {
        var reference =
                validation.driftReference(temperature, loader(Subset.VAL).epoch(0, 0), normalize);
        if (reference.isPresent()) {
            reference.get().write(run);
        }
    }

    private static Temperature calibrate(Optional<ModelOutputs> validation, RunLog log) {
        if (validation.isEmpty()) {
            log.say("Calibration: skipped, it needs a validation set (data.split.val); probabilities are uncalibrated");
            return Temperature.NONE;
        }
        Temperature temperature = Temperature.fit(validation.get());
        log.say("Calibration: " + temperature.describe() + ", fitted on the "
                + validation.get().n() + " validation images");
        return temperature;
    }
}
