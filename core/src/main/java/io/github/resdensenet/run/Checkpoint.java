package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.checkpoint.ModelState;
import io.github.resdensenet.checkpoint.Safetensors;
import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A saved state of a training run: a folder with {@value #WEIGHTS}, {@value #OPTIMIZER} and {@value #MANIFEST}.
 *
 * @param manifest model, classes, preprocessing and progress that belong to the weights
 * @param weights parameters and buffers by name
 * @param optimizer the optimiser's state; empty for imported weights, which have no training to resume
 */
public record Checkpoint(Manifest manifest, Safetensors weights, Safetensors optimizer) {
    static final String WEIGHTS = "weights.safetensors";
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String MANIFEST = "manifest.json";

    /**
     * Reads a checkpoint folder and verifies every file against the manifest.
     *
     * @throws CheckpointException if a file is missing or corrupt
     */
    public static Checkpoint read(Path folder) throws IOException {
        Checkpoint model = readModel(folder);
        return new Checkpoint(model.manifest, model.weights, read(folder, OPTIMIZER, model.manifest));
    }

    /**
     * Reads the manifest and the weights of a checkpoint folder. The optimiser's state, which only training needs, is
     * empty in the result and its file is not verified.
     *
     * @throws CheckpointException if the manifest or the weights are missing or corrupt
     */
    public static Checkpoint readModel(Path folder) throws IOException {
        Path manifestFile = folder.resolve(MANIFEST);
        if (!Files.isRegularFile(manifestFile)) {
            throw new CheckpointException(folder + ": not a checkpoint, it has no " + MANIFEST);
        }
        Manifest manifest = Manifest.read(manifestFile);
        return new Checkpoint(manifest, read(folder, WEIGHTS, manifest), new Safetensors(Map.of(), Map.of()));
    }

    /** Reads a file and verifies it. It is opened once: a training may replace the folder meanwhile. */
    private static Safetensors read(Path folder, String name, Manifest manifest) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.isRegularFile(path)) {
            throw new CheckpointException(path + ": missing from the checkpoint");
        }
        try (FileChannel channel = FileChannel.open(path)) {
            if (!Digest.sha256(Channels.newInputStream(channel))
                    .equals(manifest.files().get(name))) {
                throw new CheckpointException(path + ": corrupt, its SHA-256 differs from the one in " + MANIFEST);
            }
            return Safetensors.read(path, channel);
        }
    }

    /** The state of a model and its optimiser. */
    public static Checkpoint of(Manifest manifest, ImageClassifier model, Safetensors optimizer) {
        return new Checkpoint(manifest, new Safetensors(ModelState.of(model), Map.of()), optimizer);
    }

    /**
     * Copies the weights into a model.
     *
     * @param source where the checkpoint is, for messages
     */
    public void loadInto(ImageClassifier model, Path source) throws CheckpointException {
        ModelState.load(model, weights.tensors(), source);
    }

    /** Returns a checkpoint with the same weights and another manifest. */
    public Checkpoint withManifest(Manifest other) {
        return new Checkpoint(other, weights, optimizer);
    }

    /** Returns the SHA-256 of the weights' file; empty for a checkpoint that has not been read from a file. */
    public String weightsSha256() {
        return manifest.weightsSha256();
    }

    /** Returns the approximate size on disk. */
    long bytes() {
        return Stream.of(weights, optimizer)
                .flatMap(file -> file.tensors().values().stream())
                .mapToLong(tensor -> tensor.data().remaining())
                .sum();
    }

    /** Writes the three files to a new folder and forces each to disk. */
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, String> digests = new LinkedHashMap<>();
        digests.put(OPTIMIZER, write(optimizer, folder.resolve(OPTIMIZER)));
        digests.put(WEIGHTS, write(weights, folder.resolve(WEIGHTS)));
        String text = manifest.text(digests);
        AtomicFiles.force(folder.resolve(MANIFEST), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
        AtomicFiles.forceFolder(folder);
    }

    /** Writes a file and returns its SHA-256, computed while writing. */
    private static String write(Safetensors tensors, Path file) throws IOException {
        MessageDigest digest = Digest.digest();
        AtomicFiles.force(file, out -> tensors.write(new DigestOutputStream(out, digest)));
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Creates the model with these weights, in evaluation mode on the CPU.
     *
     * @param source the checkpoint's folder, for error messages
     * @throws CheckpointException if the weights do not fit the model of the manifest
     */
    public ImageClassifier model(Path source) throws CheckpointException {
        ImageClassifier model =
                Models.createWithoutWeights(manifest.model(), manifest.classes().size());
        ModelState.load(model, weights.tensors(), source);
        model.train(false);
        return model;
    }
}
