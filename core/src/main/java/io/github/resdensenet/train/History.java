package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The epochs so far, as history.csv. */
public record History(List<EpochMetrics> epochs) {
    private static final String HEADER =
            "epoch,train_acc,train_loss,val_acc,val_loss,test_acc,test_loss,lr,seconds,images_per_second";

    /** Keeps its own list. */
    public History {
        epochs = List.copyOf(epochs);
    }

    /** The history with one more epoch. */
    public History with(EpochMetrics epoch) {
        List<EpochMetrics> more = new ArrayList<>(epochs);
        more.add(epoch);
        return new History(more);
    }

    /** Writes the file whole. */
    public void write(Path file) throws IOException {
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        epochs.forEach(e -> text.append(e.csv()).append('\n'));
        AtomicFiles.write(file, text.toString());
    }

    /**
     * Reads the file.
     *
     * @throws IOException if it is not there or not such a file
     */
    public static History read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": no such file; has an epoch of the run been finished?");
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IOException(file + ": not a history, the first line must be " + HEADER);
        }
        List<EpochMetrics> epochs = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            EpochMetrics epoch = EpochMetrics.parse(lines.get(i));
            if (epoch == null) {
                throw new IOException(file + ": line " + (i + 1) + " is not an epoch: " + lines.get(i));
            }
            epochs.add(epoch);
        }
        return new History(epochs);
    }
}
