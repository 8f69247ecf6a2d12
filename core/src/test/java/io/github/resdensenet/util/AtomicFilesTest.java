package io.github.resdensenet.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
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

    @Test
    void linksStayAndDevicesAreWrittenTo() throws Exception {
        Path target = Files.writeString(folder.resolve("target"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
        AtomicFiles.write(link, "new");
        assertThat(link).isSymbolicLink();
        assertThat(target).hasContent("new");

        Path device = Path.of("/dev/null");
        assumeThat(device).exists();
        Path other = Files.createSymbolicLink(folder.resolve("device"), device);
        AtomicFiles.write(other, "text");
        assertThat(Files.isRegularFile(device)).isFalse();
        assertThat(other).isSymbolicLink();
        assertThatThrownBy(() -> AtomicFiles.write(other, out -> out.write('x'), written -> {}))
                .hasMessageEndingWith("device: must be a file or a new path");
        assertThat(names()).containsExactlyInAnyOrder("target", "link", "device");
    }

    @Test
    void manyThreadsWriteTheSameFile() throws Exception {
        Path file = folder.resolve("file");
        List<String> contents = IntStream.range(0, 8)
                .mapToObj(i -> Integer.toString(i).repeat(300_000))
                .toList();
        contents.parallelStream().forEach(content -> {
            try {
                AtomicFiles.write(file, content);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertThat(Files.readString(file)).isIn(contents);
        assertThat(names()).containsExactly("file");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }
}
