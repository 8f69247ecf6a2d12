package io.github.resdensenet.train;

import io.github.resdensenet.checkpoint.AtomicFiles;
import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.Run;
import io.github.resdensenet.data.Split.Part;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * How often a run's test pictures were looked at, in test_looks.json: after each epoch that was judged on them, at the
 * end of the training, and in each later evaluation. Every look at them that decides something makes the next flatter.
 */
public final class TestLooks {
    private static final String FILE = "test_looks.json";
    private static final JsonMapper JSON = JsonMapper.shared();

    private TestLooks() {}

    /**
     * Counts one more. Several processes may do so at once.
     *
     * @return looks so far, this one among them
     * @throws IOException if the file cannot be written or is damaged
     */
    public static synchronized int add(Run run) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        run.file("." + FILE + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock unused = channel.lock()) {
            int looks = count(run) + 1;
            AtomicFiles.write(run.file(FILE), JSON.writeValueAsString(Map.of("looks", looks)) + "\n");
            return looks;
        }
    }

    /**
     * Looks so far.
     *
     * @throws IOException if the file is damaged
     */
    public static int count(Run run) throws IOException {
        Path file = run.file(FILE);
        if (!Files.isRegularFile(file)) {
            return before(run);
        }
        try {
            int looks = JSON.readTree(Files.readString(file)).path("looks").asInt(-1);
            if (looks >= 0) {
                return looks;
            }
        } catch (JacksonException e) {
            throw damaged(file);
        }
        throw damaged(file);
    }

    private static CheckpointException damaged(Path file) {
        return new CheckpointException(file + ": damaged, it must be like {\"looks\":1}");
    }

    /** What a run that is older than the file has had for sure. */
    private static int before(Run run) throws IOException {
        Path history = run.file("history.csv");
        if (!Files.isRegularFile(history)) {
            return 0;
        }
        long judged = History.read(history).epochs().stream()
                .filter(epoch -> epoch.checkedOn() == Part.TEST)
                .count();
        return (int) judged + (run.isFinished() ? 1 : 0);
    }

    /** In words. */
    public static String words(int looks) {
        return "The test set has been looked at " + looks + (looks == 1 ? " time" : " times");
    }
}
