package io.github.resdensenet.cli;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Rendezvous;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of a training run by several processes. */
final class ProcessOptions {
    private static final int MAX_RESTARTS = 3;
    private static final int TIMEOUT_SECONDS = 60;
    static final List<String> NAMES = List.of("--nproc", "--max-restarts", "--rendezvous", "--timeout-s");

    @Option(
            names = "--nproc",
            paramLabel = "N",
            description = "train with N processes on this machine, at most train.shards (4 unless you"
                    + " set it); the weights do not depend on N unless the backbone is frozen (default: 1)")
    private int processes = 1;

    @Option(
            names = "--max-restarts",
            paramLabel = "N",
            description = "with --nproc, maximum number of restarts from the last checkpoint after a process was killed"
                    + " or stopped responding (default: 3)")
    private @Nullable Integer maxRestarts;

    @Option(
            names = "--rendezvous",
            paramLabel = "env",
            description =
                    "train as one of several processes; rank and address come from RANK, WORLD_SIZE, MASTER_ADDR and"
                            + " MASTER_PORT (torchrun), or from PET_* (Kubeflow Trainer) (default: one process)")
    private @Nullable String rendezvous;

    @Option(
            names = "--timeout-s",
            paramLabel = "N",
            description =
                    "seconds that a process waits for another one, at the start and whenever they exchange data (default: 60)")
    private @Nullable Integer timeoutSeconds;

    /** Whether this process starts others that train, and does not train itself. */
    boolean isLauncher() {
        check();
        return processes > 1 && !Launcher.isChild();
    }

    /** Checks that there are as many shards as processes. */
    void check(int shards) {
        require(processes <= shards, "--nproc must be at most train.shards, " + shards + ", got " + processes);
    }

    private void check() {
        require(processes >= 1, "--nproc must be at least 1, got " + processes);
        require(maxRestarts() >= 0, "--max-restarts must be at least 0, got " + maxRestarts);
        require(timeoutSeconds() >= 1, "--timeout-s must be at least 1, got " + timeoutSeconds);
        require(rendezvous == null || rendezvous.equals("env"), "--rendezvous must be env, got " + rendezvous);
        require(rendezvous == null || processes == 1, "use either --nproc or --rendezvous");
        require(maxRestarts == null || processes > 1, "--max-restarts needs --nproc of at least 2");
        require(
                timeoutSeconds == null || processes > 1 || rendezvous != null,
                "--timeout-s needs --nproc of at least 2, or --rendezvous");
    }

    private int maxRestarts() {
        return maxRestarts == null ? MAX_RESTARTS : maxRestarts;
    }

    private int timeoutSeconds() {
        return timeoutSeconds == null ? TIMEOUT_SECONDS : timeoutSeconds;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    Launcher launcher() {
        return new Launcher(processes, maxRestarts(), timeoutSeconds());
    }

    /** Connects this process with the others, if there are any. */
    ProcessGroup connect() throws IOException {
        if (Launcher.isChild()) {
            return Launcher.rendezvous().connect();
        }
        return rendezvous == null
                ? ProcessGroup.single()
                : Rendezvous.ofEnvironment(System.getenv(), Duration.ofSeconds(timeoutSeconds()))
                        .connect();
    }
}
