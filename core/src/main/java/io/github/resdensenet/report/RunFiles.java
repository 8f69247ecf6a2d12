package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.eval.RunEvaluator;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Writes the files of a run that people look at: curves, TensorBoard events and the HTML report. */
public final class RunFiles {
    private RunFiles() {}

    /**
     * Writes curves.png and curves.svg, and the values in them as curves.csv and curves.json.
     *
     * @throws IOException if no epoch of the run is completed
     */
    public static void writeCurves(Run run) throws IOException {
        CurveFiles.write(run);
    }

    /** Writes the epochs so far for TensorBoard, in the folder tb. */
    public static void writeEvents(Run run, Recipe recipe) throws IOException {
        TensorBoardFile.write(run, recipe);
    }

    /**
     * Writes all epochs, the final evaluation and example images for TensorBoard.
     *
     * @param test the best checkpoint's evaluation on the test set
     */
    public static void writeEvents(
            Run run, Recipe recipe, int bestEpoch, Evaluation test, List<ReportData.Gallery> galleries)
            throws IOException {
        TensorBoardFile.write(run, recipe, bestEpoch, test, galleries);
    }

    /**
     * Writes report.html for an evaluation.
     *
     * @return what the report shows
     */
    public static ReportData writeReport(Run run, Evaluation test) throws IOException {
        return RunReport.write(run, test);
    }

    /**
     * Evaluates a run's best checkpoint on its test set and writes report.html.
     *
     * @param moved the new location of the image folder; null if it has not moved
     * @param progress receives the number of evaluated images and the total
     * @return the file
     * @throws IOException if no epoch of the run is completed, or an image is missing or has changed
     */
    public static Path writeReport(Run run, @Nullable Path moved, BiConsumer<Integer, Integer> progress)
            throws IOException {
        RunReport.write(
                run,
                new RunEvaluator(run)
                        .evaluateSplit(Subset.TEST, moved, progress)
                        .evaluation());
        return run.file(RunReport.FILE);
    }
}
