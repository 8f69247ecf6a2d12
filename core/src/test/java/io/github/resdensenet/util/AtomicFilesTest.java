package io.github.resdensenet.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    private static final long NO_PROCESS = Long.MAX_VALUE;

    @TempDir
    private Path folder;

    @Test
    void fileThatFailsItsCheckIsNotPublished() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "old");
        assertThatThrownBy(() -> AtomicFiles.write(file, out -> out.write('x'), written -> {
                    throw new IOException("bad");
                }))
                .hasMessage("bad");
        assertThat(file).hasContent("old");
        assertThat(names()).containsExactly("file");
    }

    @Test
    void deletesWhatKilledProcessesHaveLeft() throws Exception {
        Files.writeString(folder.resolve(".file.new-" + NO_PROCESS), "half");
        Files.createDirectories(folder.resolve(".file.new-" + (NO_PROCESS - 1) + "/deep"));
        Path running = Files.writeString(
                folder.resolve(".file.new-"
                        + ProcessHandle.current().parent().orElseThrow().pid()),
                "half");
        Path other = Files.writeString(folder.resolve(".file.new-ideas"), "mine");
        AtomicFiles.write(folder.resolve("file"), out -> out.write('x'), written -> {});
        assertThat(names())
                .containsExactlyInAnyOrder(
                        "file", String.valueOf(running.getFileName()), String.valueOf(other.getFileName()));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }
}
