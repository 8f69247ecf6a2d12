package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.WeightFile;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A run folder: the folder of one training run.
 *
 * <p>Its checkpoints folder contains {@code last}, the newest checkpoint, {@code previous}, the one before, and
 * {@code best}. A checkpoint is written to {@code .new}, forced to disk, and then renamed. At least one complete
 * checkpoint therefore exists at any time. If the process is killed between the two renames, {@code .new} is the newest
 * checkpoint, and readers use it.
 *
 * @param folder path of the folder
 */
public record Run(Path folder) {
    /** The file with the subset of each image. */
    public static final String SPLIT = "split.csv";
    /** The file of images that were skipped, with the reason. */
    public static final String SKIPPED = "skipped.csv";
    /** The file of duplicate images. */
    public static final String COPIES = "copies.csv";

    private static final String NEW = ".new";
    private static final String NEW_BEST = ".new-best";
    private static final String FORMER_BEST = ".best-before";
    /** Largest disk space of a run, in checkpoints: last, previous, best, .best-before, .new, and one for other files. */
    private static final int CHECKPOINTS = 6;

    private static final int READ_ATTEMPTS = 5;

    /**
     * Opens a finished or unfinished run.
     *
     * @throws NoSuchFileException if the folder does not exist
     * @throws CheckpointException if the folder is not a run folder
     */
    public static Run open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such run folder");
        }
        if (!Files.isDirectory(folder.resolve("checkpoints"))) {
            throw new CheckpointException(folder + ": not a run folder, it has no checkpoints folder");
        }
        return new Run(folder);
    }

    /**
     * Checks that a new run can be created at a path.
     *
     * @throws FileAlreadyExistsException if the path exists; for an unfinished run, the message says how to resume it
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
                        ? "an unfinished run; resume it with --resume " + folder + ", or choose another --out"
                        : "already exists; choose another --out");
    }

    /**
     * Creates the folder of a new run with its first checkpoint, atomically.
     *
     * @param folder the folder to create
     * @param first the first checkpoint
     * @param texts contents of further files, by name
     * @throws FileAlreadyExistsException if the path exists
     * @throws IOException if the disk has too little space for the checkpoints, or the folder cannot be written
     */
    public static Run create(Path folder, Checkpoint first, Map<String, String> texts) throws IOException {
        checkFree(folder);
        Path parent = folder.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(folder + ": cannot be used as a run folder");
        }
        if (!Files.isDirectory(parent)) { // early versions of JDK 17 reject a link to a folder
            Files.createDirectories(parent);
        }
        checkSpace(
                folder, CHECKPOINTS * first.bytes(), Files.getFileStore(parent).getUsableSpace());
        AtomicFiles.createFolder(folder, fresh -> {
            first.write(fresh.resolve("checkpoints").resolve("last"));
            for (Map.Entry<String, String> text : texts.entrySet()) {
                AtomicFiles.write(fresh.resolve(text.getKey()), text.getValue());
            }
        });
        return new Run(folder);
    }

    /** Checks the free disk space before training, so that a long training does not fail on a full disk. */
    static void checkSpace(Path folder, long needed, long usable) throws IOException {
        if (usable < needed) {
            throw new IOException(folder + ": a run needs " + (needed >> 20) + " MiB for its checkpoints, but only "
                    + (usable >> 20) + " MiB are free on the disk");
        }
    }

    /**
     * Locks the folder for a training run, until the returned object is closed or the process ends.
     *
     * @throws CheckpointException if another process, or another training in this process, holds the lock
     */
    public Closeable lock() throws IOException {
        return RunLock.take(this);
    }

    /**
     * Counts an evaluation of the test set in test_looks.json; several processes may do so at the same time.
     *
     * @return the number of evaluations so far, including this one
     * @throws IOException if the file cannot be written or is corrupt
     */
    public int countTestEvaluation() throws IOException {
        return TestEvaluations.add(this);
    }

    /**
     * Returns the number of evaluations of the test set so far: after each epoch that selected on it, at the end of
     * training, and in each later evaluation. The more decisions use the test set, the more optimistic its metrics
     * become.
     *
     * @throws IOException if the file is corrupt
     */
    public int testEvaluations() throws IOException {
        return TestEvaluations.count(this);
    }

    /** Marks a run as unfinished again and replaces its recipe, which may have more epochs. */
    public void reopen(Recipe recipe) throws IOException {
        Files.deleteIfExists(file("metrics.json"));
        AtomicFiles.write(file("recipe.yaml"), recipe.toYaml());
    }

    /** Returns a number of test-set evaluations as a sentence, for logs and reports. */
    public static String describeTestEvaluations(int n) {
        return TestEvaluations.words(n);
    }

    /** Returns the path of a file of the run. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /** Returns whether the training is finished, which means that metrics.json exists. That file is written last. */
    public boolean isFinished() {
        return Files.isRegularFile(file("metrics.json"));
    }

    private Path checkpoints() {
        return folder.resolve("checkpoints");
    }

    /** Returns the folder of the best checkpoint. */
    public Path best() {
        return checkpoints().resolve("best");
    }

    /** Returns the folder of the newest checkpoint. */
    public Path last() {
        return checkpoints().resolve("last");
    }

    /** Returns the folder of the checkpoint before the newest. */
    public Path previous() {
        return checkpoints().resolve("previous");
    }

    /** Saves the newest checkpoint and keeps the one before as "previous". */
    public void saveLast(Checkpoint checkpoint) throws IOException {
        save(checkpoint, NEW, last(), previous());
    }

    /** Saves the best checkpoint and replaces the former one. */
    public void saveBest(Checkpoint checkpoint) throws IOException {
        replaceBest(checkpoint);
        deleteFormerBest();
    }

    /** Saves the best checkpoint, and the newest one, which names it. The former best one is kept until both are saved. */
    public void saveBestAndLast(Checkpoint best, Checkpoint last) throws IOException {
        replaceBest(best);
        saveLast(last);
        deleteFormerBest();
    }

    private void replaceBest(Checkpoint checkpoint) throws IOException {
        save(checkpoint, NEW_BEST, best(), checkpoints().resolve(FORMER_BEST));
    }

    private void deleteFormerBest() throws IOException {
        AtomicFiles.deleteTree(checkpoints().resolve(FORMER_BEST));
    }

    /** Writes the best weights to best.pth, for PyTorch. */
    public void writePth(Checkpoint best) throws IOException {
        AtomicFiles.write(
                file("best.pth"), out -> WeightFile.writePth(best.weights().tensors(), out));
    }

    private void save(Checkpoint checkpoint, String temporary, Path target, Path former) throws IOException {
        Path fresh = checkpoints().resolve(temporary);
        AtomicFiles.deleteTree(fresh);
        checkpoint.write(fresh);
        rotate(fresh, target, former);
    }

    private void rotate(Path fresh, Path target, Path former) throws IOException {
        if (Files.exists(target)) {
            AtomicFiles.deleteTree(former);
            Files.move(target, former, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        AtomicFiles.forceFolder(checkpoints());
    }

    /**
     * The newest valid checkpoint.
     *
     * @param checkpoint the checkpoint
     * @param source its folder
     * @param passedOver why newer checkpoints were skipped, one line each
     */
    public record Newest(Checkpoint checkpoint, Path source, List<String> passedOver) {}

    /**
     * Reads the newest valid checkpoint and makes it {@link #last()}. A corrupt last checkpoint is kept under the name
     * "damaged".
     *
     * @throws CheckpointException if there is no valid checkpoint
     */
    public Newest recoverNewest() throws IOException {
        Newest newest = readNewest();
        Path fresh = checkpoints().resolve(NEW);
        if (newest.source().equals(fresh)) {
            rotate(fresh, last(), previous());
        } else if (newest.source().equals(previous())) {
            Path corrupt = checkpoints().resolve("damaged");
            if (Files.exists(last())) {
                AtomicFiles.deleteTree(corrupt);
                Files.move(last(), corrupt, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(previous(), last(), StandardCopyOption.ATOMIC_MOVE);
        }
        AtomicFiles.deleteTree(fresh);
        recoverBest(newest.checkpoint().manifest().progress().bestEpoch());
        AtomicFiles.deleteTree(checkpoints().resolve(NEW_BEST));
        AtomicFiles.forceFolder(checkpoints());
        return newest;
    }

    /** Gives the best checkpoint that belongs to the newest one its name again. */
    private void recoverBest(int epoch) throws IOException {
        if (epoch > 0) {
            Optional<Path> found = bestFolders()
                    .filter(f -> isBest(f, epoch))
                    .findFirst()
                    .or(() -> bestFolders().findFirst());
            if (found.isPresent() && !found.get().equals(best())) {
                AtomicFiles.deleteTree(best());
                Files.move(found.get(), best(), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        deleteFormerBest();
    }

    private static boolean isBest(Path checkpoint, int epoch) {
        try {
            Path manifest = checkpoint.resolve(Checkpoint.MANIFEST);
            return Manifest.read(manifest).progress().bestEpoch() == epoch;
        } catch (IOException e) {
            return false;
        }
    }

    private Newest readNewest() throws IOException {
        List<String> faults = new ArrayList<>();
        for (Path folder : List.of(checkpoints().resolve(NEW), last(), previous())) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try {
                return new Newest(Checkpoint.read(folder), folder, faults);
            } catch (IOException e) {
                if (!folder.endsWith(NEW)) { // an incomplete .new is normal after a kill
                    faults.add(String.valueOf(e.getMessage()));
                }
            }
        }
        throw new CheckpointException(
                folder + ": no valid checkpoint" + (faults.isEmpty() ? "" : ": " + String.join("; ", faults)));
    }

    /**
     * Reads and verifies the best checkpoint.
     *
     * @throws CheckpointException if the run has no best checkpoint yet, or it is corrupt
     */
    public Checkpoint readBest() throws IOException {
        return readBest(Checkpoint::read);
    }

    /**
     * Reads and verifies the best checkpoint without its optimiser's state, for inference.
     *
     * @throws CheckpointException if the run has no best checkpoint yet, or its weights are corrupt
     */
    public Checkpoint readModel() throws IOException {
        return readBest(Checkpoint::readModel);
    }

    private interface Reader {
        Checkpoint read(Path folder) throws IOException;
    }

    /** Reads the best checkpoint, again if a training has replaced it meanwhile. */
    private Checkpoint readBest(Reader reader) throws IOException {
        for (int attempt = 1; ; attempt++) {
            Path source = findBest();
            String before = manifestDigest(source);
            try {
                return reader.read(source);
            } catch (IOException e) {
                if (attempt == READ_ATTEMPTS
                        || (!before.isEmpty() && manifestDigest(source).equals(before))) {
                    throw e;
                }
            }
        }
    }

    private static String manifestDigest(Path source) {
        try {
            return Digest.sha256(source.resolve(Checkpoint.MANIFEST));
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Reads the manifest of the best checkpoint, without its weights.
     *
     * @throws CheckpointException if the run has no best checkpoint yet, or its manifest is corrupt
     */
    public Manifest readBestManifest() throws IOException {
        return Manifest.read(findBest().resolve(Checkpoint.MANIFEST));
    }

    /** Returns the folder of the best checkpoint, which has another name after a kill between the two renames. */
    private Path findBest() throws IOException {
        return bestFolders()
                .findFirst()
                .orElseThrow(
                        () -> new CheckpointException(folder + ": no best checkpoint yet; the first epoch writes it"));
    }

    /** The folder of the best checkpoint, and those that a kill between two renames leaves, if they are complete. */
    private Stream<Path> bestFolders() {
        return Stream.of(best(), checkpoints().resolve(NEW_BEST), checkpoints().resolve(FORMER_BEST))
                .filter(f ->
                        Files.isDirectory(f) && (f.equals(best()) || Files.exists(f.resolve(Checkpoint.MANIFEST))));
    }
}
