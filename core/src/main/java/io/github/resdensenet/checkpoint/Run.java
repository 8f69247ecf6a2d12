package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder of one training run.
 *
 * @param folder where it is
 */
public record Run(Path folder) {
    /**
     * Opens a run that was trained to its end or to some point.
     *
     * @throws NoSuchFileException if there is no such folder
     * @throws CheckpointException if it is no run folder
     */
    public static Run open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such run folder");
        }
        if (!Files.isDirectory(folder.resolve("checkpoints"))) {
            throw new CheckpointException(folder + ": not a run folder, there is no checkpoints folder in it");
        }
        return new Run(folder);
    }

    /**
     * Makes the folder of a new run with its first checkpoint in it; it appears whole or not at all.
     *
     * @throws FileAlreadyExistsException if there is something at that place
     */
    public static Run create(Path folder, Checkpoint first, String recipe, String split) throws IOException {
        if (Files.exists(folder)) {
            throw new FileAlreadyExistsException(folder.toString(), null, "exists already; choose another --out");
        }
        Path parent = folder.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(folder + ": cannot be a run folder");
        }
        Files.createDirectories(parent);
        Path fresh = parent.resolve(
                "." + folder.getFileName() + ".new-" + ProcessHandle.current().pid());
        try {
            first.write(fresh.resolve("checkpoints").resolve("last"));
            AtomicFiles.write(fresh.resolve("recipe.yaml"), recipe);
            AtomicFiles.write(fresh.resolve("split.csv"), split);
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            delete(fresh);
            throw e;
        }
        AtomicFiles.forceFolder(parent);
        return new Run(folder);
    }

    /** A file of the run, by its name. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    private Path checkpoints() {
        return folder.resolve("checkpoints");
    }

    /** Where the best checkpoint lies. */
    public Path best() {
        return checkpoints().resolve("best");
    }

    /** Where the newest checkpoint lies. */
    public Path last() {
        return checkpoints().resolve("last");
    }

    /** Saves the newest state; the one before it is kept as "previous". */
    public void saveLast(Checkpoint checkpoint) throws IOException {
        save(checkpoint, ".new", last(), checkpoints().resolve("previous"));
    }

    /** Saves the best state in place of the one before it, and its weights once more as best.pth, for PyTorch. */
    public void saveBest(Checkpoint checkpoint) throws IOException {
        Path former = checkpoints().resolve(".best-before");
        save(checkpoint, ".new-best", best(), former);
        delete(former);
        AtomicFiles.write(
                file("best.pth"), out -> PthWriter.write(checkpoint.weights().tensors(), out));
    }

    private void save(Checkpoint checkpoint, String temporary, Path target, Path former) throws IOException {
        Path fresh = checkpoints().resolve(temporary);
        delete(fresh);
        checkpoint.write(fresh);
        if (Files.exists(target)) {
            delete(former);
            Files.move(target, former, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        AtomicFiles.forceFolder(checkpoints());
    }

    /**
     * The best checkpoint, verified.
     *
     * @throws CheckpointException if the run has none yet or it is damaged
     */
    public Checkpoint readBest() throws IOException {
        if (!Files.isDirectory(best())) {
            throw new CheckpointException(folder + ": no best checkpoint yet, the first epoch was not finished");
        }
        return Checkpoint.read(best());
    }

    /** The manifest of the best checkpoint, without reading its weights. */
    public Manifest readBestManifest() throws IOException {
        return Manifest.read(best().resolve(Checkpoint.MANIFEST));
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        }
    }
}
