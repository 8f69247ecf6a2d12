package io.github.resdensenet.checkpoint;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.Models;
import java.io.IOException;
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
 * One saved state of a training run: a folder of {@value #WEIGHTS}, {@value #OPTIMIZER} and {@value #MANIFEST}.
 *
 * @param manifest what goes with the weights
 * @param weights parameters and buffers by name
 * @param optimizer the optimiser's state; empty if the checkpoint cannot be trained on
 */
public record Checkpoint(Manifest manifest, Safetensors weights, Safetensors optimizer) {
    static final String WEIGHTS = "weights.safetensors";
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String MANIFEST = "manifest.json";

    /**
     * Reads a folder and verifies every file against the manifest.
     *
     * @throws CheckpointException if something is missing or damaged
     */
    public static Checkpoint read(Path folder) throws IOException {
        Path manifestFile = folder.resolve(MANIFEST);
        if (!Files.isRegularFile(manifestFile)) {
            throw new CheckpointException(folder + ": not a checkpoint, there is no " + MANIFEST);
        }
        Manifest manifest = Manifest.read(manifestFile);
        for (Map.Entry<String, String> file : manifest.files().entrySet()) {
            Path path = folder.resolve(file.getKey());
            if (!Files.isRegularFile(path)) {
                throw new CheckpointException(path + ": missing from the checkpoint");
            }
            if (!Digest.sha256(path).equals(file.getValue())) {
                throw new CheckpointException(path + ": damaged, its SHA-256 is not the manifest's");
            }
        }
        return new Checkpoint(
                manifest, Safetensors.read(folder.resolve(WEIGHTS)), Safetensors.read(folder.resolve(OPTIMIZER)));
    }

    /** The same weights with another manifest. */
    public Checkpoint withManifest(Manifest other) {
        return new Checkpoint(other, weights, optimizer);
    }

    /** About what it takes on disk. */
    long bytes() {
        return Stream.of(weights, optimizer)
                .flatMap(file -> file.tensors().values().stream())
                .mapToLong(tensor -> tensor.data().remaining())
                .sum();
    }

    /** Writes the three files into a new folder, each forced to disk. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, String> digests = new LinkedHashMap<>();
        digests.put(OPTIMIZER, write(optimizer, folder.resolve(OPTIMIZER)));
        digests.put(WEIGHTS, write(weights, folder.resolve(WEIGHTS)));
        String text = manifest.text(digests);
        AtomicFiles.force(folder.resolve(MANIFEST), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
        AtomicFiles.forceFolder(folder);
    }

    /** Writes a file, and takes its digest on the way. */
    private static String write(Safetensors tensors, Path file) throws IOException {
        MessageDigest digest = Digest.digest();
        AtomicFiles.force(file, out -> tensors.write(new DigestOutputStream(out, digest)));
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Builds the network with these weights, in evaluation mode on the CPU.
     *
     * @param source where the checkpoint is, for messages
     */
    public ImageClassifier model(Path source) throws CheckpointException {
        ImageClassifier model =
                Models.create(manifest.model(), manifest.classes().size(), 0);
        ModelState.load(model, weights.tensors(), source);
        model.train(false);
        return model;
    }
}
