package io.github.resdensenet.train;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.report.ReportData;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.report.RunFiles;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** Evaluates the best model on the test set. Writes charts, TensorBoard events, report.html and, last, metrics.json. */
final class RunOutputs implements TrainListener {
    private static final JsonMapper JSON = JsonMapper.shared();

    @Override
    public void historyWritten(Run run, Recipe recipe, History history, int bestEpoch) throws IOException {
        RunFiles.writeEvents(run, recipe);
    }

    @Override
    public void trained(Trained training) throws IOException {
        Run run = training.run();
        Recipe recipe = training.recipe();
        Evaluation test = Evaluation.of(
                training.outputs().apply(Subset.TEST),
                training.temperature(),
                recipe.data().ordinal());
        int evaluations = run.countTestEvaluation();
        test.lines(recipe.model().title(), "test").forEach(training.log());
        training.log().accept(Run.describeTestEvaluations(evaluations));
        if (recipe.train().selectOn() == Recipe.SelectOn.TEST) {
            training.log()
                    .accept("Note: this accuracy is optimistic: it is the best of "
                            + training.history().epochs().size() + " evaluations of the test set it is reported on.");
        }
        curves(training);
        Optional<ReportData> report = report(training, test);
        List<Gallery> galleries = report.map(ReportData::galleries).orElse(List.of());
        RunFiles.writeEvents(run, recipe, training.bestEpoch(), test, galleries);
        AtomicFiles.write(
                run.file("metrics.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(metrics(training, test, evaluations, report))
                        + "\n");
    }

    private static Map<String, Object> metrics(
            Trained training, Evaluation test, int evaluations, Optional<ReportData> report) throws IOException {
        Recipe recipe = training.recipe();
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("model", recipe.model().name().toString());
        metrics.put("params", training.parameters());
        metrics.put("epochs", training.history().epochs().size());
        metrics.put("best_epoch", training.bestEpoch());
        metrics.put("select_on", recipe.train().selectOn().toString());
        metrics.put("best_accuracy", training.best().manifest().progress().bestAccuracy());
        metrics.put("weights_sha256", training.run().readBestManifest().weightsSha256());
        metrics.put("temperature", training.temperature().value());
        metrics.put("test_looks", evaluations);
        report.ifPresent(data -> metrics.put("limits", data.limits()));
        metrics.put("test", test.json("test"));
        return metrics;
    }

    private static void curves(Trained training) throws IOException {
        try {
            RunFiles.writeCurves(training.run());
        } catch (LinkageError e) { // no font libraries
            training.log().accept("Note: the curves were not written: " + e.getMessage());
        }
    }

    /** Writes the report. If that fails, the training logs a note and still completes. */
    private static Optional<ReportData> report(Trained training, Evaluation test) {
        try {
            return Optional.of(RunFiles.writeReport(training.run(), test));
        } catch (IOException | RuntimeException | LinkageError e) { // LinkageError: no font libraries
            training.log().accept("Note: report.html was not written: " + e.getMessage());
            return Optional.empty();
        }
    }
}
