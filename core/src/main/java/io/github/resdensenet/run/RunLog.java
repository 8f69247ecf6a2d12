package io.github.resdensenet.run;

import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.ErrorText;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The log of one training run: passes each line on and writes all lines to log.txt. Not safe for use by several threads.
 */
public final class RunLog {
    private static final String FILE = "log.txt";

    private final Consumer<String> lines;
    private final StringBuilder text = new StringBuilder();

    /** Creates an empty log that passes each line to a consumer. */
    public RunLog(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Appends to the log of an interrupted training run. */
    public void continueFrom(Run run) throws IOException {
        Path file = run.file(FILE);
        if (Files.isRegularFile(file)) {
            text.insert(0, Files.readString(file));
        }
    }

    /** Adds a text, which may have several lines. */
    public void say(String more) {
        more.lines().forEach(line -> {
            String printable = Text.printable(line);
            text.append(printable).append('\n');
            lines.accept(printable);
        });
    }

    /** Writes the log so far and the error that ended the training run, which is not passed on. */
    public void writeAfter(Throwable error, Run run) {
        String reason = ErrorText.of(error).lines().findFirst().orElse("");
        text.append(Text.printable("Ended by an error: " + reason)).append('\n');
        try {
            write(run);
        } catch (IOException e) {
            error.addSuppressed(e);
        }
    }

    /** Writes the log so far. */
    public void write(Run run) throws IOException {
        AtomicFiles.write(run.file(FILE), text.toString());
    }
}
