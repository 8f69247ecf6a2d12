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

    /** One line of history.csv an epoch. */
    List<String> lines() {
        return epochs.stream().map(EpochMetrics::csv).toList();
    }

    /** Writes the file whole. */
    public void write(Path file) throws IOException {
        AtomicFiles.write(
                file,
                HEADER + "\n"
                        + String.join(
                                "", lines().stream().map(line -> line + "\n").toList()));
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
        return parse(lines.subList(1, lines.size()), file);
    }

    /** Reads lines without the header. */
    static History parse(List<String> lines, Path source) throws IOException {
        List<EpochMetrics> epochs = new ArrayList<>();
        for (String line : lines) {
            EpochMetrics epoch = EpochMetrics.parse(line);
            if (epoch == null) {
                throw new IOException(
                        source + ": epoch " + (epochs.size() + 1) + " of the history is not one: " + line);
            }
            epochs.add(epoch);
        }
        return new History(epochs);
    }
}
