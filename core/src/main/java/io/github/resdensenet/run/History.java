package io.github.resdensenet.run;

import io.github.resdensenet.data.DataLoader;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Decimal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of all completed epochs, as stored in history.csv.
 *
 * @param epochs one entry per epoch, in order
 */
public record History(List<EpochMetrics> epochs) {
    private static final String HEADER =
            "epoch,train_acc,train_loss,val_acc,val_loss,test_acc,test_loss,lr,seconds,images_per_second";

    /** A history without epochs. */
    public static final History EMPTY = new History(List.of());

    /** Copies the list. */
    public History {
        epochs = List.copyOf(epochs);
    }

    /** Returns this history with one more epoch. */
    public History with(EpochMetrics epoch) {
        List<EpochMetrics> more = new ArrayList<>(epochs);
        more.add(epoch);
        return new History(more);
    }

    /** Returns the lines of history.csv without the header, one per epoch. */
    public List<String> lines() {
        return epochs.stream().map(EpochMetrics::csv).toList();
    }

    /** Writes the history to a file and replaces the file atomically. */
    public void write(Path file) throws IOException {
        AtomicFiles.write(
                file,
                HEADER + "\n"
                        + String.join(
                                "", lines().stream().map(line -> line + "\n").toList()));
    }

    /**
     * Reads history.csv.
     *
     * @throws IOException if the file is missing or is not a history file
     */
    public static History read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": no such file, the run has no completed epoch");
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IOException(file + ": not a history file, the first line must be " + HEADER);
        }
        return parse(lines.subList(1, lines.size()), file);
    }

    /**
     * Parses the lines of a history without the header.
     *
     * @param source the file, for error messages
     * @throws IOException if a line is invalid
     */
    public static History parse(List<String> lines, Path source) throws IOException {
        List<EpochMetrics> epochs = new ArrayList<>();
        for (String line : lines) {
            EpochMetrics epoch = EpochMetrics.parse(line);
            if (epoch == null) {
                throw new IOException(
                        source + ": epoch " + (epochs.size() + 1) + " of the history is invalid: " + line);
            }
            epochs.add(epoch);
        }
        return new History(epochs);
    }

    /**
     * The metrics of one epoch.
     *
     * @param epoch from 1
     * @param trainAcc accuracy on the training images during the epoch's steps, 0 to 1
     * @param trainLoss mean training loss over the batches
     * @param checkedOn the subset that was evaluated after the epoch
     * @param acc accuracy on this subset, 0 to 1
     * @param loss mean loss over the batches of this subset, with label smoothing
     * @param lr learning rate at the start of the epoch
     * @param nextLr learning rate of the next epoch; NaN if it is not known, as in history.csv
     * @param seconds time of the training steps in seconds, without evaluation
     * @param imagesPerSecond training throughput in images per second
     */
    public record EpochMetrics(
            int epoch,
            double trainAcc,
            double trainLoss,
            Subset checkedOn,
            double acc,
            double loss,
            double lr,
            double nextLr,
            double seconds,
            double imagesPerSecond) {
        /**
         * Computes the metrics of an epoch after its last step.
         *
         * @param state the progress after the last step, before {@link Manifest.Progress#afterEpoch}
         * @param train the loader of the training set
         * @param evaluatedOn the subset that was evaluated after the epoch
         * @param acc accuracy on this subset, 0 to 1
         * @param loss mean loss on this subset
         * @param lr learning rate at the start of the epoch
         */
        public static EpochMetrics of(
                Manifest.Progress state, DataLoader train, Subset evaluatedOn, double acc, double loss, double lr) {
            return new EpochMetrics(
                    state.epoch() + 1,
                    (double) state.hits() / train.count(),
                    state.lossSum() / train.batches(),
                    evaluatedOn,
                    acc,
                    loss,
                    lr,
                    Double.NaN,
                    state.seconds(),
                    train.count() / state.seconds());
        }

        /** Returns the same metrics with the learning rate of the next epoch. */
        public EpochMetrics withNextLr(double next) {
            return new EpochMetrics(
                    epoch, trainAcc, trainLoss, checkedOn, acc, loss, lr, next, seconds, imagesPerSecond);
        }

        /** Returns the article's log line. Lr is the next epoch's: the article prints it after scheduler.step(). */
        public String line() {
            String subset = checkedOn == Subset.TEST ? "Test" : "Val";
            return String.format(
                    Locale.ROOT,
                    "Epoch:%2d, Train_acc:%s%%, Train_loss:%s, %s_acc:%s%%, %s_loss:%s, Lr:%s",
                    epoch,
                    Decimal.percent(trainAcc),
                    Decimal.fixed(trainLoss, 3),
                    subset,
                    Decimal.percent(acc),
                    subset,
                    Decimal.fixed(loss, 3),
                    Decimal.scientific(nextLr));
        }

        String csv() {
            String evaluated = acc + "," + loss;
            return epoch + "," + trainAcc + "," + trainLoss + ","
                    + (checkedOn == Subset.VAL ? evaluated + ",," : ",," + evaluated) + "," + lr + ","
                    + Decimal.fixed(seconds, 3)
                    + "," + Decimal.fixed(imagesPerSecond, 1);
        }

        /** Parses a line of history.csv, which has no {@code nextLr}. Returns null if the line is invalid. */
        static @Nullable EpochMetrics parse(String csv) {
            String[] f = csv.split(",", -1);
            if (f.length != 10) {
                return null;
            }
            try {
                boolean val = !f[3].isEmpty();
                int at = val ? 3 : 5;
                return new EpochMetrics(
                        Integer.parseInt(f[0]),
                        Double.parseDouble(f[1]),
                        Double.parseDouble(f[2]),
                        val ? Subset.VAL : Subset.TEST,
                        Double.parseDouble(f[at]),
                        Double.parseDouble(f[at + 1]),
                        Double.parseDouble(f[7]),
                        Double.NaN,
                        Double.parseDouble(f[8]),
                        Double.parseDouble(f[9]));
            } catch (NumberFormatException e) {
                return null;
            }
        }
    }
}
