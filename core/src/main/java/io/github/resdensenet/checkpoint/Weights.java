package io.github.resdensenet.checkpoint;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.transforms.Normalize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Weights of a model, wherever they lie: in a run folder, a {@code .pth} or safetensors file, or a weight file of Keras.
 *
 * @param tensors by the names that the models here have
 * @param normalize the normalisation of pictures that they were trained with, as far as their kind tells
 * @param source the run folder or file
 */
public record Weights(Map<String, TensorData> tensors, Normalize normalize, Path source) {
    /** torchvision's files of DenseNet are older than the rule that a module's name has no dot. */
    private static final Pattern OLD_DENSE_LAYER =
            Pattern.compile("(.*denselayer\\d+\\.(?:norm|conv))\\.([12]\\.(?:weight|bias|running_mean|running_var))");

    private static final String MEAN = ".running_mean";
    private static final String COUNTER = ".num_batches_tracked";

    /**
     * Reads weights.
     *
     * @param source a run folder, whose best checkpoint counts, or a file
     * @throws CheckpointException if it is neither, or damaged
     */
    public static Weights read(Path source) throws IOException {
        return read(source, "", "");
    }

    /**
     * Reads weights.
     *
     * @param key where they lie in a {@code .pth} file: names of nested dicts joined by dots; "" for the whole file
     * @param strip a prefix to take off every name of a {@code .pth} file that has it; "" for none
     */
    public static Weights read(Path source, String key, String strip) throws IOException {
        if (Files.isDirectory(source)) {
            Checkpoint best = Run.open(source).readBest();
            Normalize normalize = best.manifest().preprocessing().normalize();
            return new Weights(best.weights().tensors(), normalize, source);
        }
        if (!Files.isRegularFile(source)) {
            throw new CheckpointException(source + ": no such run folder or weight file");
        }
        if (KerasFile.looksLike(source)) {
            return new Weights(withCounters(KerasFile.read(source)), Normalize.MINUS_ONE_TO_ONE, source);
        }
        Map<String, TensorData> tensors = PthFile.looksLike(source)
                ? withCounters(withoutDots(PthFile.read(source, key, strip)))
                : Safetensors.read(source).tensors();
        return new Weights(tensors, Normalize.IMAGENET, source);
    }

    private static Map<String, TensorData> withoutDots(Map<String, TensorData> tensors) {
        Map<String, TensorData> renamed = new LinkedHashMap<>();
        tensors.forEach(
                (name, data) -> renamed.put(OLD_DENSE_LAYER.matcher(name).replaceFirst("$1$2"), data));
        return renamed;
    }

    /** Counts of batches, 0, where there are none: Keras has no such thing, and PyTorch had none before 0.4.1. */
    private static Map<String, TensorData> withCounters(Map<String, TensorData> tensors) {
        if (tensors.keySet().stream().anyMatch(name -> name.endsWith(COUNTER))) {
            return tensors;
        }
        Map<String, TensorData> all = new LinkedHashMap<>(tensors);
        for (String name : tensors.keySet()) {
            if (name.endsWith(MEAN)) {
                String layer = name.substring(0, name.length() - MEAN.length());
                all.put(layer + COUNTER, new TensorData(DType.I64, List.of(), ByteBuffer.allocate(Long.BYTES)));
            }
        }
        return all;
    }

    /**
     * Copies them into a model.
     *
     * @throws CheckpointException listing names that are missing, unexpected or of another shape
     */
    public void load(ImageClassifier model) throws CheckpointException {
        ModelState.load(model, tensors, source);
    }

    /**
     * Copies them into a model all but those of its last layer, which keeps its own.
     *
     * @throws CheckpointException listing names that are missing, unexpected or of another shape
     */
    public void loadWithoutHead(ImageClassifier model) throws CheckpointException {
        Map<String, TensorData> body = new TreeMap<>(tensors);
        ModelState.of(model).forEach((name, own) -> {
            if (name.startsWith(model.headName() + ".")) {
                body.put(name, own);
            }
        });
        ModelState.load(model, body, source);
    }
}
