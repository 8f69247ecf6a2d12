package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a training says, to its listener and to log.txt. */
final class RunLog {
    private static final String FILE = "log.txt";

    private final TrainListener listener;
    private final StringBuilder text = new StringBuilder();

    RunLog(TrainListener listener) {
        this.listener = listener;
    }

    /** Goes on with the log of an earlier training. */
    void continueFrom(Run run) throws IOException {
        Path file = run.file(FILE);
        if (Files.isRegularFile(file)) {
            text.insert(0, Files.readString(file));
        }
    }

    void say(String lines) {
        lines.lines().forEach(line -> {
            text.append(line).append('\n');
            listener.message(line);
        });
    }

    void write(Run run) throws IOException {
        AtomicFiles.write(run.file(FILE), text.toString());
    }
}
