package io.github.resdensenet.cli;

import io.github.resdensenet.distributed.Rendezvous;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.ChildJvm;
import io.github.resdensenet.util.Parallel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Starts the processes of a training on this machine and supervises them. If one is killed, it ends the others and
 * starts all again from the last checkpoint.
 */
final class Launcher {
    /** Exit code of a process that has lost another one. */
    static final int LOST = 75;

    private static final String RANK = "RESDENSENET_RANK";
    private static final String PROCESSES = "RESDENSENET_PROCESSES";
    private static final String STORE = "RESDENSENET_STORE";
    private static final String TIMEOUT = "RESDENSENET_TIMEOUT_S";

    /** Exit codes above this one stand for a signal. */
    private static final int SIGNALS = 128;

    /** Time in which rank 0 ends by an error that all processes have. */
    private static final long COMMON_ERROR_SECONDS = 10;

    private final int processes;
    private final int maxRestarts;
    private final int timeoutSeconds;
    private volatile boolean stopping;

    Launcher(int processes, int maxRestarts, int timeoutSeconds) {
        this.processes = processes;
        this.maxRestarts = maxRestarts;
        this.timeoutSeconds = timeoutSeconds;
    }

    /** Whether a launcher has started this process. */
    static boolean isChild() {
        return System.getenv(RANK) != null;
    }

    /** Where a started process finds the others. If the launcher ends, this process ends, too. */
    static Rendezvous rendezvous() {
        ChildJvm.endWithParent();
        Map<String, String> environment = System.getenv();
        return Rendezvous.ofFile(
                Path.of(environment.get(STORE)),
                Integer.parseInt(environment.get(RANK)),
                Integer.parseInt(environment.get(PROCESSES)),
                Duration.ofSeconds(Long.parseLong(environment.get(TIMEOUT))));
    }

    /**
     * Trains.
     *
     * @param arguments the command line, which must name the run folder
     * @param again the command line to continue a run that was created
     * @param run the run folder
     * @param out receives the log
     * @param err receives messages about the processes
     * @return the exit code
     */
    int run(List<String> arguments, List<String> again, Path run, PrintWriter out, PrintWriter err) throws IOException {
        Path folder = Files.createTempDirectory("resdensenet-store-");
        try {
            List<String> command = arguments;
            for (int restarts = 0; ; restarts++) {
                Attempt attempt = new Attempt(command, folder.resolve(Integer.toString(restarts)), out);
                Signals.onNext(() -> {
                    stopping = true;
                    attempt.children.get(0).toHandle().destroy(); // Process.destroy() would close its streams
                });
                Outcome outcome = attempt.run();
                if (stopping) {
                    return Signals.exitCode();
                }
                if (!outcome.message.isEmpty()) {
                    err.println("resdensenet: " + outcome.message);
                }
                if (outcome.code != LOST) {
                    return outcome.code;
                }
                boolean started = Files.isDirectory(run.resolve("checkpoints"));
                if (restarts == maxRestarts) {
                    err.println("resdensenet: " + maxRestarts + " restarts were not enough"
                            + (started ? "; resume with: resdensenet train --resume " + run : ""));
                    return 1;
                }
                command = started ? again : arguments;
                err.println("resdensenet: restart " + (restarts + 1) + " of " + maxRestarts
                        + (started ? " from the last checkpoint" : ""));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the processes were training", e);
        } finally {
            AtomicFiles.deleteTree(folder);
        }
    }

    /**
     * How an attempt ended.
     *
     * @param code the exit code; {@link #LOST} if a process was lost
     * @param message what happened, unless rank 0 has said it
     */
    private record Outcome(int code, String message) {}

    /** One start of all processes. */
    private final class Attempt {
        private final List<Process> children = new ArrayList<>();
        private final List<AtomicReference<String>> errors = new ArrayList<>();
        private final BlockingQueue<Integer> ended = new LinkedBlockingQueue<>();
        private final List<Thread> readers = new ArrayList<>();

        Attempt(List<String> arguments, Path store, PrintWriter out) throws IOException {
            for (int i = 0; i < processes; i++) {
                int rank = i;
                Process child = start(arguments, rank, store);
                children.add(child);
                AtomicReference<String> error = new AtomicReference<>("");
                errors.add(error);
                if (rank == 0) {
                    read(child.getInputStream(), out::println);
                } else {
                    read(child.getErrorStream(), error::set);
                }
                Parallel.daemon("child-watch", () -> watch(child, rank)).start();
            }
        }

        private void watch(Process child, int rank) {
            try {
                child.waitFor();
                ended.add(rank);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Process start(List<String> arguments, int rank, Path store) throws IOException {
            List<String> options =
                    new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
            options.add("-XX:ActiveProcessorCount="
                    + Math.max(1, Runtime.getRuntime().availableProcessors() / processes));
            options.add("-Djava.io.tmpdir=" + store.getParent()); // is deleted even if the process is killed
            ProcessBuilder builder = new ProcessBuilder(ChildJvm.command(options, Main.class, arguments));
            builder.environment()
                    .putAll(Map.of(
                            RANK, Integer.toString(rank),
                            PROCESSES, Integer.toString(processes),
                            STORE, store.toString(),
                            TIMEOUT, Integer.toString(timeoutSeconds)));
            if (rank == 0) {
                builder.redirectError(Redirect.INHERIT);
            } else {
                builder.redirectOutput(Redirect.DISCARD);
            }
            return builder.start();
        }

        private void read(InputStream stream, Consumer<String> line) {
            Thread reader = Parallel.daemon("child-output", () -> {
                try (BufferedReader in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                    in.lines().forEach(line);
                } catch (IOException | UncheckedIOException e) {
                    // the process has ended
                }
            });
            reader.start();
            readers.add(reader);
        }

        /** Waits for the end of rank 0, or of another process that fails. */
        Outcome run() throws InterruptedException {
            try {
                while (true) {
                    int rank = ended.take();
                    int code = children.get(rank).exitValue();
                    if (rank == 0 || code != 0) {
                        if (stopping && rank != 0) {
                            continue; // the signal may have reached all processes
                        }
                        return rank == 0 || !isCommonError(code)
                                ? outcome(rank, code)
                                : outcome(0, children.get(0).exitValue());
                    }
                }
            } finally {
                for (Process child : children) {
                    child.destroyForcibly();
                }
                for (Thread reader : readers) {
                    reader.join(TimeUnit.SECONDS.toMillis(5));
                }
            }
        }

        /** Whether rank 0 ends by itself after another process has failed, so that its message counts. */
        private boolean isCommonError(int code) throws InterruptedException {
            return code != LOST
                    && code <= SIGNALS
                    && children.get(0).waitFor(COMMON_ERROR_SECONDS, TimeUnit.SECONDS)
                    && children.get(0).exitValue() != LOST;
        }

        private Outcome outcome(int rank, int code) throws InterruptedException {
            if (code > SIGNALS) {
                return new Outcome(LOST, "rank " + rank + " was killed (signal " + (code - SIGNALS) + ")");
            }
            if (rank == 0) {
                return new Outcome(code, "");
            }
            readers.get(rank).join(TimeUnit.SECONDS.toMillis(5));
            String error = String.valueOf(errors.get(rank).get()).replaceFirst("^resdensenet: ", "");
            return new Outcome(code, "rank " + rank + ": " + (error.isEmpty() ? "exit code " + code : error));
        }
    }
}
