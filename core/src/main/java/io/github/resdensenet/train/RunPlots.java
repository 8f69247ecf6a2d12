package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.report.LearningCurves;
import java.io.IOException;
import java.util.List;

/** Draws a run's curves. */
public final class RunPlots {
    private RunPlots() {}

    /** Writes curves.svg and curves.png into the run folder. */
    public static void write(Run run) throws IOException {
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        if (epochs.isEmpty()) {
            throw new IOException(run.file("history.csv") + ": no finished epoch to draw");
        }
        Manifest manifest = run.readBestManifest();
        String data = manifest.data();
        String folder = data.substring(data.replace('\\', '/').lastIndexOf('/') + 1);
        LearningCurves curves = new LearningCurves(
                manifest.model().title() + " on " + folder + " (" + String.join(", ", manifest.classes()) + ")",
                epochs.get(0).checkedOn() == Part.VAL ? "Validation" : "Test",
                epochs.stream().map(EpochMetrics::trainAcc).toList(),
                epochs.stream().map(EpochMetrics::acc).toList(),
                epochs.stream().map(EpochMetrics::trainLoss).toList(),
                epochs.stream().map(EpochMetrics::loss).toList(),
                manifest.progress().bestEpoch());
        AtomicFiles.write(run.file("curves.svg"), curves.svg());
        byte[] png = curves.png();
        AtomicFiles.write(run.file("curves.png"), out -> out.write(png));
    }
}
