package io.github.resdensenet.checkpoint;

import io.github.resdensenet.nn.ImageClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Weights of a model, wherever they lie: in a run folder, a {@code .pth} or a safetensors file. */
public final class Weights {
    private Weights() {}

    /**
     * Reads weights.
     *
     * @param source a run folder, whose best checkpoint counts, or a file
     * @throws CheckpointException if it is neither, or damaged
     */
    public static Map<String, TensorData> read(Path source) throws IOException {
        return read(source, "", "");
    }

    /**
     * Reads weights.
     *
     * @param key where they lie in a {@code .pth} file: names of nested dicts joined by dots; "" for the whole file
     * @param strip a prefix to take off every name of a {@code .pth} file that has it; "" for none
     */
    public static Map<String, TensorData> read(Path source, String key, String strip) throws IOException {
        if (Files.isDirectory(source)) {
            return Run.open(source).readBest().weights().tensors();
        }
        if (!Files.isRegularFile(source)) {
            throw new CheckpointException(source + ": no such run folder or weight file");
        }
        return PthFile.looksLike(source)
                ? PthFile.read(source, key, strip)
                : Safetensors.read(source).tensors();
    }

    /**
     * Copies weights into a model all but those of its last layer, which keeps its own.
     *
     * @throws CheckpointException listing names that are missing, unexpected or of another shape
     */
    public static void loadWithoutHead(ImageClassifier model, Map<String, TensorData> weights, Path source)
            throws CheckpointException {
        Map<String, TensorData> body = new TreeMap<>(weights);
        ModelState.of(model).forEach((name, own) -> {
            if (name.startsWith(model.headName() + ".")) {
                body.put(name, own);
            }
        });
        ModelState.load(model, body, source);
    }
}
