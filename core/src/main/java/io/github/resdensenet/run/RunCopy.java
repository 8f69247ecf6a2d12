package io.github.resdensenet.run;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.util.AtomicFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A private copy of a run, from which a process continues rank 0's training. It has the recipe, the split, and the
 * newest and the best checkpoint.
 *
 * @param run the copy, in a temporary folder
 */
public record RunCopy(Run run) implements Closeable {
    private static final String LAST = "checkpoints/last/";
    private static final String BEST = "checkpoints/best/";
    private static final List<String> FILES = List.of(
            "recipe.yaml",
            Run.SPLIT,
            Run.SKIPPED,
            LAST + Checkpoint.WEIGHTS,
            LAST + Checkpoint.OPTIMIZER,
            LAST + Checkpoint.MANIFEST,
            BEST + Checkpoint.WEIGHTS,
            BEST + Checkpoint.OPTIMIZER,
            BEST + Checkpoint.MANIFEST);

    /** Sends a run from rank 0 to all processes of a group. */
    public static void send(Run run, ProcessGroup group) throws IOException {
        List<String> names = new ArrayList<>(FILES);
        names.removeIf(name -> !Files.exists(run.file(name)));
        group.broadcast(String.join("\n", names).getBytes(StandardCharsets.UTF_8));
        for (String name : names) {
            group.broadcast(Files.readAllBytes(run.file(name)));
        }
    }

    /** Tells the other processes that there is nothing to train. */
    public static void sendNothing(ProcessGroup group) {
        group.broadcast(new byte[0]);
    }

    /** Receives the run that rank 0 sends; empty if there is nothing to train. */
    public static Optional<RunCopy> receive(ProcessGroup group) throws IOException {
        String names = new String(group.broadcast(new byte[0]), StandardCharsets.UTF_8);
        if (names.isEmpty()) {
            return Optional.empty();
        }
        Path folder = Files.createTempDirectory("resdensenet-rank-" + group.rank() + "-");
        try {
            for (String name : names.lines().toList()) {
                if (!FILES.contains(name)) {
                    throw new IOException("rank 0 sends a file of another version: " + name);
                }
                Path file = folder.resolve(name);
                Files.createDirectories(file.resolveSibling("."));
                Files.write(file, group.broadcast(new byte[0]));
            }
            return Optional.of(new RunCopy(new Run(folder)));
        } catch (IOException | RuntimeException e) {
            AtomicFiles.deleteTree(folder);
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        AtomicFiles.deleteTree(run.folder());
    }
}
