package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder of one training run.
 *
 * <p>Its checkpoints folder holds {@code last}, the newest state, {@code previous}, the one before, and {@code best}. A
 * state is written whole to {@code .new}, forced to disk, and only then renamed, so that at every moment at least one
 * whole state is there. After a fall between the two renames {@code .new} is the newest, and readers take it.
 *
 * @param folder where it is
 */
public record Run(Path folder) {
    private static final String NEW = ".new";
    private static final String NEW_BEST = ".new-best";
    private static final String FORMER_BEST = ".best-before";
    /** last, previous, best, a new one of each of two, and best.pth with all else. */
    private static final int COPIES = 6;

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
     * Refuses a place where a new run cannot be made.
     *
     * @throws FileAlreadyExistsException if there is something, saying how to go on with an unfinished run
     */
    public static void checkFree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Run run = new Run(folder);
        boolean unfinished = Files.isDirectory(run.checkpoints()) && !run.isFinished();
        throw new FileAlreadyExistsException(
                folder.toString(),
                null,
                unfinished
                        ? "an unfinished run; go on with --resume " + folder + ", or choose another --out"
                        : "exists already; choose another --out");
    }

    /**
     * Makes the folder of a new run with its first checkpoint in it; it appears whole or not at all.
     *
     * @param texts further files by name
     * @throws FileAlreadyExistsException if there is something at that place
     */
    public static Run create(Path folder, Checkpoint first, Map<String, String> texts) throws IOException {
        checkFree(folder);
        Path parent = folder.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(folder + ": cannot be a run folder");
        }
        Files.createDirectories(parent);
        checkSpace(folder, COPIES * first.bytes(), Files.getFileStore(parent).getUsableSpace());
        Path fresh = parent.resolve(
                "." + folder.getFileName() + ".new-" + ProcessHandle.current().pid());
        try {
            first.write(fresh.resolve("checkpoints").resolve("last"));
            for (Map.Entry<String, String> text : texts.entrySet()) {
                AtomicFiles.write(fresh.resolve(text.getKey()), text.getValue());
            }
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            delete(fresh);
            throw e;
        }
        AtomicFiles.forceFolder(parent);
        return new Run(folder);
    }

    /** Refuses a disk without room for the checkpoints, before hours of training end on it. */
    static void checkSpace(Path folder, long needed, long usable) throws IOException {
        if (usable < needed) {
            throw new IOException(folder + ": a run needs " + (needed >> 20) + " MiB for its checkpoints, the disk has "
                    + (usable >> 20) + " MiB free");
        }
    }

    /** A file of the run, by its name. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /** Whether the training came to its end: metrics.json is written last. */
    public boolean isFinished() {
        return Files.isRegularFile(file("metrics.json"));
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

    /** Where the checkpoint before the newest lies. */
    public Path previous() {
        return checkpoints().resolve("previous");
    }

    /** Saves the newest state; the one before it is kept as "previous". */
    public void saveLast(Checkpoint checkpoint) throws IOException {
        save(checkpoint, NEW, last(), previous());
    }

    /** Saves the best state in place of the one before it. */
    public void saveBest(Checkpoint checkpoint) throws IOException {
        Path former = checkpoints().resolve(FORMER_BEST);
        save(checkpoint, NEW_BEST, best(), former);
        delete(former);
    }

    /** Writes the best weights once more as best.pth, for PyTorch. */
    public void writePth(Checkpoint best) throws IOException {
        AtomicFiles.write(
                file("best.pth"), out -> PthWriter.write(best.weights().tensors(), out));
    }

    private void save(Checkpoint checkpoint, String temporary, Path target, Path former) throws IOException {
        Path fresh = checkpoints().resolve(temporary);
        delete(fresh);
        checkpoint.write(fresh);
        rotate(fresh, target, former);
    }

    private void rotate(Path fresh, Path target, Path former) throws IOException {
        if (Files.exists(target)) {
            delete(former);
            Files.move(target, former, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        AtomicFiles.forceFolder(checkpoints());
    }

    /**
     * The newest state that verifies.
     *
     * @param checkpoint the state
     * @param source its folder
     * @param passedOver why newer ones were not taken, one line each
     */
    public record Newest(Checkpoint checkpoint, Path source, List<String> passedOver) {}

    /**
     * The newest state that verifies, put in order as {@link #last()}. A damaged last checkpoint is kept beside it under
     * the name "damaged".
     *
     * @throws CheckpointException if none verifies
     */
    public Newest recoverNewest() throws IOException {
        Newest newest = readNewest();
        Path fresh = checkpoints().resolve(NEW);
        if (newest.source().equals(fresh)) {
            rotate(fresh, last(), previous());
        } else if (newest.source().equals(previous())) {
            Path damaged = checkpoints().resolve("damaged");
            if (Files.exists(last())) {
                delete(damaged);
                Files.move(last(), damaged, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(previous(), last(), StandardCopyOption.ATOMIC_MOVE);
        }
        delete(fresh);
        if (!Files.isDirectory(best())
                && newest.checkpoint().manifest().progress().bestEpoch() > 0) {
            Files.move(whereBestIs(), best(), StandardCopyOption.ATOMIC_MOVE);
        }
        delete(checkpoints().resolve(NEW_BEST));
        AtomicFiles.forceFolder(checkpoints());
        return newest;
    }

    private Newest readNewest() throws IOException {
        List<String> passedOver = new ArrayList<>();
        for (Path folder : List.of(checkpoints().resolve(NEW), last(), previous())) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try {
                return new Newest(Checkpoint.read(folder), folder, passedOver);
            } catch (IOException e) {
                if (!folder.endsWith(NEW)) { // one that was being written is no damage
                    passedOver.add(String.valueOf(e.getMessage()));
                }
            }
        }
        throw new CheckpointException(folder + ": no checkpoint can be used"
                + (passedOver.isEmpty() ? "" : ": " + String.join("; ", passedOver)));
    }

    /**
     * The best checkpoint, verified.
     *
     * @throws CheckpointException if the run has none yet or it is damaged
     */
    public Checkpoint readBest() throws IOException {
        return Checkpoint.read(whereBestIs());
    }

    /** The manifest of the best checkpoint, without reading its weights. */
    public Manifest readBestManifest() throws IOException {
        return Manifest.read(whereBestIs().resolve(Checkpoint.MANIFEST));
    }

    /** The best folder; between two renames, and after a fall there, the new one beside it. */
    private Path whereBestIs() throws IOException {
        for (Path folder :
                List.of(best(), checkpoints().resolve(NEW_BEST), checkpoints().resolve(FORMER_BEST))) {
            if (Files.isDirectory(folder)
                    && (folder.equals(best()) || Files.exists(folder.resolve(Checkpoint.MANIFEST)))) {
                return folder;
            }
        }
        throw new CheckpointException(folder + ": no best checkpoint yet, the first epoch was not finished");
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
