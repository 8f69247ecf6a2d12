package io.github.resdensenet.train;

import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The log of a training: passes each line to the listeners and writes all lines to log.txt. */
final class RunLog {
    private static final String FILE = "log.txt";

    private final List<TrainListener> listeners;
    private final StringBuilder text = new StringBuilder();

    RunLog(List<TrainListener> listeners) {
        this.listeners = listeners;
    }

    /** Appends to the log of an interrupted training. */
    void continueFrom(Run run) throws IOException {
        Path file = run.file(FILE);
        if (Files.isRegularFile(file)) {
            text.insert(0, Files.readString(file));
        }
    }

    void say(String lines) {
        lines.lines().forEach(line -> {
            String printable = Text.printable(line);
            text.append(printable).append('\n');
            listeners.forEach(listener -> listener.message(printable));
        });
    }

    void write(Run run) throws IOException {
        AtomicFiles.write(run.file(FILE), text.toString());
    }
}
