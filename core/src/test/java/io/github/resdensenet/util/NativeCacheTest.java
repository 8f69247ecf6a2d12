package io.github.resdensenet.util;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {
    /** The first use of libtorch in a process. */
    static final class FirstUse {
        public static void main(String[] args) {
            NativeCache.prepare(torch.class);
            System.out.println("threads " + torch.get_num_threads());
        }
    }

    @TempDir
    Path folder;

    @Test
    void severalProcessesUnpackAtOnceAndRepairWhatAKilledOneLeft() throws Exception {
        startAtOnce(3);

        try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
            List<Path> all = files.filter(Files::isRegularFile).toList();
            truncate(all, "torch_cpu.");
            Files.delete(only(all, ".torch-"));
        }
        startAtOnce(1);
    }

    private void startAtOnce(int count) throws Exception {
        List<String> command = ChildJvm.command(
                List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")), FirstUse.class, List.of());
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            processes.add(new ProcessBuilder(command)
                    .directory(folder.toFile()) // for the JVM's log of a crash
                    .redirectErrorStream(true)
                    .redirectOutput(output(i))
                    .start());
        }
        for (int i = 0; i < count; i++) {
            int status = processes.get(i).waitFor();
            assertThat(Files.readString(output(i).toPath())).startsWith("threads ");
            assertThat(status).isZero();
        }
    }

    private File output(int process) {
        return folder.resolve("output-" + process).toFile();
    }

    private static void truncate(List<Path> files, String name) throws IOException {
        Path file = only(files, name);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
    }

    private static Path only(List<Path> files, String name) {
        List<Path> found = files.stream()
                .filter(f -> f.getFileName().toString().contains(name))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }
}
