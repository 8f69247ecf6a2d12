package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A weight file of any supported format: {@code .pth}, safetensors, or Keras HDF5.
 *
 * @param format the file's format
 * @param tensors the tensors, by the names that the models here use
 * @param metadata the strings in the header of a safetensors file; empty for other formats
 */
public record WeightFile(Format format, Map<String, TensorData> tensors, Map<String, String> metadata) {
    /** The file formats, which are detected by content. */
    public enum Format {
        /** A zip or pickle written by {@code torch.save}. */
        PTH,
        /** The safetensors format of Hugging Face. */
        SAFETENSORS,
        /** HDF5 as Keras 2 and 3 write it. */
        KERAS
    }

    /** Names in torchvision's DenseNet files, which are older than the rule that module names contain no dot. */
    private static final Pattern OLD_DENSE_LAYER =
            Pattern.compile("(.*denselayer\\d+\\.(?:norm|conv))\\.([12]\\.(?:weight|bias|running_mean|running_var))");

    private static final String MEAN = ".running_mean";
    private static final String COUNTER = ".num_batches_tracked";

    /**
     * Reads a file.
     *
     * @param key where the tensors are in a {@code .pth} file: names of nested dicts joined by dots, or "" for the top
     *     level
     * @param strip a prefix to remove from every name of a {@code .pth} file that has it; "" for none
     * @throws CheckpointException if the file does not exist, is corrupt, or has an unsupported format
     */
    public static WeightFile read(Path file, String key, String strip) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(file + ": no such run folder or weight file");
        }
        if (Files.size(file) == 0) { // reading a file of /proc could block
            throw new CheckpointException(file + ": the file is empty");
        }
        if (KerasFile.looksLike(file)) {
            return new WeightFile(Format.KERAS, withCounters(KerasFile.read(file)), Map.of());
        }
        if (!Safetensors.looksLike(file) && PthFile.looksLike(file)) { // a header's length can start as a pickle does
            return new WeightFile(Format.PTH, withCounters(withoutDots(PthFile.read(file, key, strip))), Map.of());
        }
        Safetensors content = Safetensors.read(file);
        return new WeightFile(Format.SAFETENSORS, withCounters(withoutDots(content.tensors())), content.metadata());
    }

    /** Writes tensors as a {@code .pth} file that {@code torch.load(weights_only=True)} reads. */
    public static void writePth(Map<String, TensorData> tensors, OutputStream out) throws IOException {
        PthWriter.write(tensors, out);
    }

    private static Map<String, TensorData> withoutDots(Map<String, TensorData> tensors) {
        Map<String, TensorData> renamed = new LinkedHashMap<>();
        tensors.forEach(
                (name, data) -> renamed.put(OLD_DENSE_LAYER.matcher(name).replaceFirst("$1$2"), data));
        return renamed;
    }

    /** Adds batch counters of 0 if a file has none. Keras does not have them, and PyTorch did not before 0.4.1. */
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
}
