package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.report.EventFile;
import io.github.resdensenet.report.Picture;
import io.github.resdensenet.report.ReportData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run for TensorBoard: one event file in its folder tb, written anew from history.csv after every epoch. So it has each
 * epoch once, also after a resumption, and grows while a training goes on: a TensorBoard that is watching reads on.
 */
final class RunEvents {
    private static final String FILE = "tb/events.out.tfevents.0.resdensenet";

    private RunEvents() {}

    /**
     * Writes the file.
     *
     * @param test the best epoch's figures on the test pictures, at the end of a training; null before
     * @param galleries test pictures with what speaks for the answer; none before the report
     */
    static void write(
            Run run, Recipe recipe, int bestEpoch, @Nullable Evaluation test, List<ReportData.Gallery> galleries)
            throws IOException {
        Path file = run.file(FILE);
        Files.createDirectories(run.file("tb"));
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        double took = epochs.stream().mapToDouble(EpochMetrics::seconds).sum();
        double begun = Files.isRegularFile(file) ? begun(file) : System.currentTimeMillis() / 1e3 - took;
        EventFile events = new EventFile(begun)
                .text("recipe", 0, begun, "    " + recipe.toYaml().strip().replace("\n", "\n    "))
                .hyperParameters(begun, RecipeFile.flat(recipe));
        double time = begun;
        for (EpochMetrics epoch : epochs) {
            time += epoch.seconds();
            String part = epoch.checkedOn().label();
            events.scalar("acc/train", epoch.epoch(), time, epoch.trainAcc())
                    .scalar("loss/train", epoch.epoch(), time, epoch.trainLoss())
                    .scalar("acc/" + part, epoch.epoch(), time, epoch.acc())
                    .scalar("loss/" + part, epoch.epoch(), time, epoch.loss())
                    .scalar("lr", epoch.epoch(), time, epoch.lr())
                    .scalar("images_per_second", epoch.epoch(), time, epoch.imagesPerSecond());
        }
        if (test != null && !recipe.train().selectOn().equals("test")) {
            events.scalar("acc/test", bestEpoch, time, test.accuracy())
                    .scalar("loss/test", bestEpoch, time, test.loss())
                    .scalar("nll/test", bestEpoch, time, test.nll());
        }
        for (ReportData.Gallery gallery : galleries) {
            int number = 0;
            for (ReportData.Example example : gallery.examples()) {
                number++;
                String tag = gallery.title() + "/" + number + " " + example.truth()
                        + (example.predicted().equals(example.truth()) ? "" : " taken for " + example.predicted());
                Picture picture = example.overlay().orElse(example.picture());
                events.image(tag, bestEpoch, time, picture.width(), picture.height(), picture.png());
            }
        }
        AtomicFiles.write(file, events.bytes());
    }

    private static double begun(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return EventFile.wallTime(in.readNBytes(EventFile.HEAD));
        }
    }
}
