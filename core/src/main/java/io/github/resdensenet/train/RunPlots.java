package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Manifest;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import io.github.resdensenet.report.LearningCurves;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Draws a run's curves, and writes what is drawn. */
public final class RunPlots {
    private RunPlots() {}

    private static final JsonMapper JSON = JsonMapper.shared();

    /** Writes curves.svg, curves.png and what is drawn in them as curves.csv and curves.json into the run folder. */
    public static void write(Run run) throws IOException {
        LearningCurves curves = curves(run);
        AtomicFiles.write(run.file("curves.svg"), curves.svg());
        AtomicFiles.write(run.file("curves.png"), curves.png());
        AtomicFiles.write(run.file("curves.csv"), csv(curves));
        AtomicFiles.write(run.file("curves.json"), json(curves));
    }

    static LearningCurves curves(Run run) throws IOException {
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        if (epochs.isEmpty()) {
            throw new IOException(run.file("history.csv") + ": no finished epoch to draw");
        }
        Manifest manifest = run.readBestManifest();
        return new LearningCurves(
                manifest.model().title() + " on " + folder(manifest) + " (" + names(manifest.classes()) + ")",
                epochs.get(0).checkedOn() == Part.VAL ? "Validation" : "Test",
                epochs.stream().map(EpochMetrics::trainAcc).toList(),
                epochs.stream().map(EpochMetrics::acc).toList(),
                epochs.stream().map(EpochMetrics::trainLoss).toList(),
                epochs.stream().map(EpochMetrics::loss).toList(),
                epochs.stream().map(EpochMetrics::lr).toList(),
                manifest.progress().bestEpoch());
    }

    /** The last name of the path of a run's pictures. */
    static String folder(Manifest manifest) {
        String data = manifest.data();
        return data.substring(data.replace('\\', '/').lastIndexOf('/') + 1);
    }

    private static String names(List<String> classes) {
        String all = String.join(", ", classes);
        return all.length() <= 80 ? all : classes.size() + " classes";
    }

    private static String csv(LearningCurves curves) {
        String part = curves.checked().toLowerCase(Locale.ROOT);
        StringBuilder text = new StringBuilder(
                "epoch,training_accuracy,%s_accuracy,training_loss,%s_loss,learning_rate,best\n".formatted(part, part));
        for (int i = 0; i < curves.lr().size(); i++) {
            text.append(i + 1).append(',').append(curves.trainAcc().get(i));
            text.append(',').append(curves.checkedAcc().get(i)).append(',');
            text.append(curves.trainLoss().get(i))
                    .append(',')
                    .append(curves.checkedLoss().get(i));
            text.append(',').append(curves.lr().get(i)).append(',').append(i + 1 == curves.bestEpoch() ? 1 : 0);
            text.append('\n');
        }
        return text.toString();
    }

    private static String json(LearningCurves curves) {
        String part = curves.checked().toLowerCase(Locale.ROOT);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("title", curves.title());
        fields.put("best_epoch", curves.bestEpoch());
        fields.put("training_accuracy", curves.trainAcc());
        fields.put(part + "_accuracy", curves.checkedAcc());
        fields.put("training_loss", curves.trainLoss());
        fields.put(part + "_loss", curves.checkedLoss());
        fields.put("learning_rate", curves.lr());
        return JSON.writeValueAsString(fields) + "\n";
    }
}
