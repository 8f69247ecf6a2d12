package io.github.resdensenet.benchmark;

import io.github.resdensenet.util.ChildJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Processes that each keep one core busy until they are closed, like other programs on the machine. */
final class BusyProcesses implements AutoCloseable {
    private static final List<String> OPTIONS = List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private final List<Process> processes = new ArrayList<>();

    /** Starts processes, and returns when all are busy. */
    BusyProcesses(int count) throws IOException {
        try {
            for (int i = 0; i < count; i++) {
                processes.add(new ProcessBuilder(ChildJvm.command(OPTIONS, BusyProcess.class, List.of()))
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
