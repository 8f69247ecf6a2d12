package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTest {
    @TempDir
    private Path root;

    @Test
    void rejectsDiskWithoutSpaceForCheckpoints() throws Exception {
        Path folder = root.resolve("run");
        Run.checkSpace(folder, 200 << 20, 200 << 20);
        assertThatThrownBy(() -> Run.checkSpace(folder, 200 << 20, (200 << 20) - 1))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        folder + ": a run needs 200 MiB for its checkpoints, but only 199 MiB are free on the disk");
    }

    @Test
    void rejectsFoldersThatAreNotUsableRuns() throws Exception {
        assertThatThrownBy(() -> Run.open(root.resolve("nowhere"))).hasMessageContaining("no such run folder");
        assertThatThrownBy(() -> Run.open(root)).hasMessageContaining("not a run folder");
        Files.createDirectories(root.resolve("checkpoints"));
        Run run = Run.open(root);
        assertThat(run.isFinished()).isFalse();
        assertThatThrownBy(run::readBest).hasMessageContaining("no best checkpoint yet");
        assertThatThrownBy(run::recoverNewest).hasMessageContaining("no valid checkpoint");
        assertThatThrownBy(() -> Run.checkFree(root)).hasMessageContaining("resume it with --resume " + root);
    }

    @Test
    void locksRunForOneTrainingAtATime() throws Exception {
        Run run = new Run(root);
        try (RunLock lock = RunLock.take(run)) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> RunLock.take(run)).hasMessageContaining("another process is training");
        }
        RunLock.take(run).close();
    }

    /** On Unix, a process loses its lock when it closes the locked file a second time. */
    @Test
    void aRefusedLockLeavesTheLockOfTheSameProcess() throws Exception {
        Run run = new Run(root);
        try (RunLock lock = RunLock.take(run)) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> RunLock.take(run)).hasMessageContaining("another process is training");
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            TryLock.class.getName(),
                            run.folder().resolve(".lock").toString())
                    .start();
            assertThat(other.waitFor()).isEqualTo(TryLock.LOCKED);
        }
    }

    /** Tries to lock a file. */
    static final class TryLock {
        static final int LOCKED = 3;

        private TryLock() {}

        public static void main(String[] arguments) throws IOException {
            try (FileChannel file = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
                System.exit(file.tryLock() == null ? LOCKED : 0);
            }
        }
    }
}
