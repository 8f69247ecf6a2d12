package io.github.resdensenet.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes that each keep one core busy until they are closed, like other programs on the machine. */
final class BusyProcesses implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();

    /** Starts processes, and returns when all are busy. */
    BusyProcesses(int count) throws IOException {
        try {
            for (int i = 0; i < count; i++) {
                processes.add(new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Xshare:auto",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                BusyProcess.class.getName())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
            }
            for (Process process : processes) {
                if (process.getInputStream().read() < 0) {
                    throw new IOException("a busy process could not be started");
                }
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }
}
