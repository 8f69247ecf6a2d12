package io.github.resdensenet.compare;

import io.github.resdensenet.compare.Comparison.Listener;
import io.github.resdensenet.data.ImageFolder;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Decimal;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Cross-validation: trains one run per fold and evaluates all images, each with the run that was not trained on it.
 *
 * <p>The folder contains:
 *
 * <ul>
 *   <li>{@code options.json} and {@code recipe.yaml}: the settings
 *   <li>{@code runs}: one run folder per fold, {@code fold-0} and so on
 *   <li>{@code predictions}: the predictions of each fold for its test images
 *   <li>{@code predictions.csv}: the predictions for all images
 *   <li>{@code folds.csv}: sizes and accuracy of each fold
 *   <li>{@code crossval.html}: the report
 *   <li>{@code crossval.json}: all metrics. It is written last
 * </ul>
 *
 * <p>Results that already exist are reused, and an interrupted training run is resumed.
 */
public final class CrossValidation {
    private final Recipe recipe;
    private final @Nullable Path init;
    private final boolean newHead;
    private final Path folder;
    private final Listener listener;
    private final TrainingRuns runs;

    /**
     * Creates a cross-validation; {@link #run} starts or resumes it.
     *
     * @param recipe the recipe of all training runs; {@code data.folds} is the number of folds
     * @param init pretrained weights of every run: a run folder or a weight file; null for random initialisation
     * @param newHead whether the head keeps its random initialisation
     * @param folder folder of the results, new or of an earlier run with the same settings
     * @param listener receives progress
     * @throws IllegalArgumentException if {@code data.folds} is 0
     */
    public CrossValidation(Recipe recipe, @Nullable Path init, boolean newHead, Path folder, Listener listener) {
        if (recipe.data().folds() == 0) {
            throw new IllegalArgumentException("data.folds must be 2 to 100 for a cross-validation, got 0");
        }
        this.recipe = recipe.with("data.fold", "0");
        this.init = init;
        this.newHead = newHead;
        this.folder = folder;
        this.listener = listener;
        this.runs = new TrainingRuns(folder, listener);
    }

    /** Requests a stop after the current step; {@link #run} then saves and throws. May be called from any thread. */
    public void stop() {
        runs.stop();
    }

    /**
     * Runs everything that is not finished yet, then writes the report.
     *
     * @return the evaluation of all images
     * @throws IllegalArgumentException if the folder was created with different settings; they are listed
     * @throws FileAlreadyExistsException if the folder exists but is not a cross-validation folder
     * @throws CancellationException after {@link #stop}
     */
    public Evaluation run() throws IOException {
        Recipe resolved = recipe.resolved(ImageFolder.open(recipe.data().folder()), listener::remark);
        boolean fresh =
                OptionsFile.open(folder, options(resolved), "a cross-validation folder", List.of("predictions"));
        AtomicFiles.write(folder.resolve("recipe.yaml"), resolved.toYaml());
        List<FoldPredictions> done = new ArrayList<>();
        int folds = resolved.data().folds();
        for (int fold = 0; fold < folds; fold++) {
            runs.checkStopped();
            String name = "fold-" + fold;
            listener.begin("training " + name, fold + 1, folds);
            try {
                done.add(predictions(resolved.with("data.fold", Integer.toString(fold)), name));
            } catch (IOException | RuntimeException e) {
                if (fresh && !Files.exists(folder.resolve("runs"))) {
                    AtomicFiles.deleteTree(folder); // no run was created
                }
                throw e;
            }
            OutOfFold.checkSameImages(done.get(0), done.get(fold), folder.resolve("runs"));
        }
        OutOfFold all =
                OutOfFold.of(done, resolved.data().folder(), resolved.data().ordinal());
        new CrossValidationReport(all, resolved, folder, init, newHead).write();
        return all.evaluation();
    }

    private FoldPredictions predictions(Recipe ofFold, String name) throws IOException {
        Run run = runs.train(ofFold, name, init, newHead);
        Path file = folder.resolve("predictions").resolve(name + ".csv");
        if (!Files.exists(file)) {
            AtomicFiles.write(
                    file,
                    new RunEvaluator(run)
                            .evaluateSplit(Subset.TEST, null, listener::evaluating)
                            .evaluation()
                            .csv());
        }
        return FoldPredictions.read(run, file);
    }

    /** Everything that decides the results, by name. */
    private Map<String, String> options(Recipe resolved) throws IOException {
        Map<String, String> options = new LinkedHashMap<>();
        options.put(
                "--init",
                init == null ? "none" : init.toAbsolutePath().normalize().toString());
        if (init != null) {
            options.put(
                    "SHA-256 of --init",
                    Files.isDirectory(init) ? Run.open(init).readBestManifest().weightsSha256() : Digest.sha256(init));
        }
        options.put("--new-head", Boolean.toString(newHead));
        resolved.flat()
                .forEach((key, value) ->
                        options.put(key, value instanceof Double number ? Decimal.plain(number) : value.toString()));
        return options;
    }
}
