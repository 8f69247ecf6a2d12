package io.github.resdensenet.report;

import io.github.resdensenet.eval.Evaluation;
import io.github.resdensenet.image.PngWriter;
import io.github.resdensenet.image.RgbImage;
import io.github.resdensenet.report.ReportData.Example;
import io.github.resdensenet.report.ReportData.Gallery;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run for TensorBoard: one event file in its folder tb, made from the history after every epoch. It therefore has each
 * epoch once, also after resuming. New events are appended if the others have not changed, because a running TensorBoard
 * does not notice that a file has been replaced.
 */
final class TensorBoardFile {
    private static final String FILE = "tb/events.out.tfevents.0.resdensenet";

    private TensorBoardFile() {}

    /** Writes the epochs so far. */
    static void write(Run run, Recipe recipe) throws IOException {
        write(run, recipe, 0, null, List.of());
    }

    /**
     * Writes the epochs and the final evaluation.
     *
     * @param test the best checkpoint's evaluation on the test set, or null during training
     * @param galleries the report's example images
     */
    static void write(Run run, Recipe recipe, int bestEpoch, @Nullable Evaluation test, List<Gallery> galleries)
            throws IOException {
        Path file = run.file(FILE);
        Files.createDirectories(run.file("tb"));
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        double took = epochs.stream().mapToDouble(EpochMetrics::seconds).sum();
        double begun = Files.isRegularFile(file) ? begun(file) : System.currentTimeMillis() / 1e3 - took;
        EventFile events = new EventFile(begun)
                .text("recipe", 0, begun, "    " + recipe.toYaml().strip().replace("\n", "\n    "))
                .hyperParameters(begun, recipe.flat());
        double time = begun;
        for (EpochMetrics epoch : epochs) {
            time += epoch.seconds();
            String subset = epoch.checkedOn().label();
            events.scalar("acc/train", epoch.epoch(), time, epoch.trainAcc())
                    .scalar("loss/train", epoch.epoch(), time, epoch.trainLoss())
                    .scalar("acc/" + subset, epoch.epoch(), time, epoch.acc())
                    .scalar("loss/" + subset, epoch.epoch(), time, epoch.loss())
                    .scalar("lr", epoch.epoch(), time, epoch.lr())
                    .scalar("images_per_second", epoch.epoch(), time, epoch.imagesPerSecond());
        }
        if (test != null && recipe.train().selectOn() != Recipe.SelectOn.TEST) {
            events.scalar("acc/test", bestEpoch, time, test.accuracy())
                    .scalar("loss/test", bestEpoch, time, test.loss())
                    .scalar("nll/test", bestEpoch, time, test.nll());
        }
        for (Gallery gallery : galleries) {
            int number = 0;
            for (Example example : gallery.examples()) {
                number++;
                String tag = gallery.title() + "/" + number + " " + example.truth()
                        + (example.predicted().equals(example.truth()) ? "" : " predicted as " + example.predicted());
                RgbImage image = example.overlay().orElse(example.image());
                byte[] png = PngWriter.rgb(image.width(), image.height(), image.pixels());
                events.image(tag, bestEpoch, time, image.width(), image.height(), png);
            }
        }
        write(file, events.bytes());
    }

    private static void write(Path file, byte[] content) throws IOException {
        byte[] old = Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
        boolean continues = old.length > 0
                && old.length <= content.length
                && Arrays.equals(old, 0, old.length, content, 0, old.length);
        if (continues) {
            Files.write(file, Arrays.copyOfRange(content, old.length, content.length), StandardOpenOption.APPEND);
        } else {
            AtomicFiles.write(file, content);
        }
    }

    private static double begun(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return EventFile.wallTime(in.readNBytes(EventFile.HEAD));
        }
    }
}
