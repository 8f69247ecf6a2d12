package io.github.resdensenet.report;

import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.plot.LearningCurves;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Writes the learning curves of a run as figures and as data. */
final class CurveFiles {
    private CurveFiles() {}

    private static final JsonMapper JSON = JsonMapper.shared();

    /** Writes curves.svg and curves.png, and their data as curves.csv and curves.json, into the run folder. */
    static void write(Run run) throws IOException {
        LearningCurves curves = curves(run);
        AtomicFiles.write(run.file("curves.svg"), curves.svg());
        AtomicFiles.write(run.file("curves.png"), curves.png());
        AtomicFiles.write(run.file("curves.csv"), csv(curves));
        AtomicFiles.write(run.file("curves.json"), json(curves));
    }

    static LearningCurves curves(Run run) throws IOException {
        List<EpochMetrics> epochs = History.read(run.file("history.csv")).epochs();
        if (epochs.isEmpty()) {
            throw new IOException(run.file("history.csv") + ": no completed epoch to plot");
        }
        Manifest manifest = run.readBestManifest();
        return new LearningCurves(
                manifest.model().title() + " on " + folder(manifest) + " (" + names(manifest.classes()) + ")",
                epochs.get(0).checkedOn() == Subset.VAL ? "Validation" : "Test",
                epochs.stream().map(EpochMetrics::trainAcc).toList(),
                epochs.stream().map(EpochMetrics::acc).toList(),
                epochs.stream().map(EpochMetrics::trainLoss).toList(),
                epochs.stream().map(EpochMetrics::loss).toList(),
                epochs.stream().map(EpochMetrics::lr).toList(),
                manifest.progress().bestEpoch());
    }

    /** The name of the image folder of a run, without its path. */
    static String folder(Manifest manifest) {
        String data = manifest.data();
        return data.substring(data.replace('\\', '/').lastIndexOf('/') + 1);
    }

    private static String names(List<String> classes) {
        String all = String.join(", ", classes);
        return all.length() <= 80 ? all : classes.size() + " classes";
    }

    private static String csv(LearningCurves curves) {
        String subset = curves.checked().toLowerCase(Locale.ROOT);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "epoch,training_accuracy,%s_accuracy,training_loss,%s_loss,learning_rate,best\n",
                subset,
                subset));
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
        String subset = curves.checked().toLowerCase(Locale.ROOT);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("title", curves.title());
        fields.put("best_epoch", curves.bestEpoch());
        fields.put("training_accuracy", curves.trainAcc());
        fields.put(subset + "_accuracy", curves.checkedAcc());
        fields.put("training_loss", curves.trainLoss());
        fields.put(subset + "_loss", curves.checkedLoss());
        fields.put("learning_rate", curves.lr());
        return JSON.writeValueAsString(fields) + "\n";
    }
}
