package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Counts the evaluations of a run's test set in test_looks.json: after each epoch if the recipe selects on the test
 * set, at the end of training, and in each later evaluation. The more decisions use the test set, the more optimistic
 * its metrics become.
 */
final class TestEvaluations {
    private static final String FILE = "test_looks.json";
    private static final JsonMapper JSON = JsonMapper.shared();

    private TestEvaluations() {}

    /**
     * Counts an evaluation. Several processes may do so at the same time.
     *
     * @return the number of evaluations so far, including this one
     * @throws IOException if the file cannot be written or is corrupt
     */
    static int add(Run run) throws IOException {
        try (LockFile unused = LockFile.take(run.file("." + FILE + ".lock"))) {
            int evaluations = count(run) + 1;
            AtomicFiles.write(run.file(FILE), JSON.writeValueAsString(Map.of("looks", evaluations)) + "\n");
            return evaluations;
        }
    }

    /**
     * Returns the number of evaluations so far.
     *
     * @throws IOException if the file is corrupt
     */
    static int count(Run run) throws IOException {
        Path file = run.file(FILE);
        if (!Files.isRegularFile(file)) {
            return countFromHistory(run);
        }
        try {
            int evaluations =
                    JSON.readTree(Files.readString(file)).path("looks").asInt(-1);
            if (evaluations >= 0) {
                return evaluations;
            }
        } catch (JacksonException e) {
            throw corrupt(file);
        }
        throw corrupt(file);
    }

    private static CheckpointException corrupt(Path file) {
        return new CheckpointException(file + ": corrupt, it must contain a count such as {\"looks\":1}");
    }

    /** Returns the smallest possible count for a run of a version that did not write the file. */
    private static int countFromHistory(Run run) throws IOException {
        Path history = run.file("history.csv");
        if (!Files.isRegularFile(history)) {
            return 0;
        }
        long onTest = History.read(history).epochs().stream()
                .filter(epoch -> epoch.checkedOn() == Subset.TEST)
                .count();
        return (int) onTest + (run.isFinished() ? 1 : 0);
    }

    /** Returns the count as a sentence without a full stop. */
    static String words(int evaluations) {
        return "The test set has been evaluated " + (evaluations == 1 ? "once" : evaluations + " times");
    }
}
