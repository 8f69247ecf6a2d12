package io.github.resdensenet.checkpoint;

import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads weight files of Keras (HDF5) as tensors with PyTorch's words and layout: {@code conv1_conv/kernel}, height x width
 * x in x out, becomes {@code conv1_conv.weight}, out x in x height x width; dense kernels are transposed.
 *
 * <p>Two layouts are known. Keras 3's {@code NAME.weights.h5} numbers the variables of a layer in a group "vars", which
 * carries the layer's name. Keras 2, its {@code model.save("NAME.h5")} and the files of keras.applications name each variable
 * in a group with the layer's name.
 */
final class KerasFile {
    private static final byte[] MAGIC = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    private static final Map<String, String> WORDS = Map.of(
            "kernel", "weight",
            "bias", "bias",
            "gamma", "weight",
            "beta", "bias",
            "moving_mean", "running_mean",
            "moving_variance", "running_var");
    private static final List<String> KERNEL = List.of("kernel", "bias");
    private static final List<String> NORMALIZATION = List.of("gamma", "beta", "moving_mean", "moving_variance");
    /** The layer that makes the logits was called so when the files of keras.applications were made. */
    private static final Map<String, String> OLD_NAMES = Map.of("probs", "predictions");

    private static final int MAX_DEPTH = 16;
    private static final long MAX_EXPANSION = 64 << 20;

    private final Path path;
    private final long size;
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();

    private KerasFile(Path path, long size) {
        this.path = path;
        this.size = size;
    }

    /** Whether a file is HDF5, by its first bytes. */
    static boolean looksLike(Path path) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
        try (FileChannel channel = FileChannel.open(path)) {
            channel.read(start);
        }
        return Arrays.equals(start.array(), MAGIC);
    }

    /**
     * Reads all weights, but not an optimiser's state.
     *
     * @throws CheckpointException if the file is damaged or not laid out as Keras does
     */
    static Map<String, TensorData> read(Path path) throws IOException {
        KerasFile keras = new KerasFile(path, Files.size(path));
        try (HdfFile file = new HdfFile(path)) {
            keras.collect(file.getChildren().get("model_weights") instanceof Group model ? model : file, 0);
        } catch (RuntimeException | StackOverflowError e) { // the library throws of all kinds when a file is damaged
            throw keras.refuse(String.valueOf(e.getMessage()), e);
        }
        if (keras.tensors.isEmpty()) {
            throw keras.refuse("there are no weights in it");
        }
        return keras.tensors;
    }

    private void collect(Group group, int depth) throws CheckpointException {
        if (depth > MAX_DEPTH) {
            throw refuse("its groups lie too deep in each other");
        }
        List<Dataset> variables = new ArrayList<>();
        for (Node child : group.getChildren().values()) {
            if (child.isLink()) {
                throw refuse(child.getPath() + " is a link");
            } else if (child instanceof Dataset variable) {
                variables.add(variable);
            } else if (child instanceof Group inner && !child.getName().startsWith("optimizer")) {
                collect(inner, depth + 1);
            }
        }
        if (variables.isEmpty()) {
            return;
        }
        if (group.getName().equals("vars")) {
            numbered(group, variables);
        } else {
            for (Dataset variable : variables) {
                add(group.getName(), variable.getName().replaceFirst(":0$", ""), variable);
            }
        }
    }

    /** The variables "0", "1", ... of a layer, in the order in which Keras makes them. */
    private void numbered(Group group, List<Dataset> variables) throws CheckpointException {
        Attribute name = group.getAttribute("name");
        if (name == null || !(name.getData() instanceof String layer)) {
            throw refuse(group.getPath() + " carries no name of a layer; save it again with a newer Keras");
        }
        boolean kernel = rank(group, "0") > 1 && variables.size() <= KERNEL.size();
        List<String> words = kernel ? KERNEL : NORMALIZATION;
        if (!kernel && variables.size() != NORMALIZATION.size()) {
            throw refuse(layer + " is neither a convolution, a dense layer nor a batch normalisation, it has "
                    + variables.size() + " variables");
        }
        for (int i = 0; i < variables.size(); i++) {
            if (!(group.getChildren().get(Integer.toString(i)) instanceof Dataset variable)) {
                throw refuse(layer + " has no variable " + i);
            }
            add(layer, words.get(i), variable);
        }
    }

    private static int rank(Group group, String variable) {
        return group.getChildren().get(variable) instanceof Dataset first ? first.getDimensions().length : 0;
    }

    private void add(String layer, String variable, Dataset data) throws CheckpointException {
        String word = WORDS.get(variable);
        if (word == null) {
            throw refuse("the variable " + layer + "/" + variable + " is not known; known are "
                    + WORDS.keySet().stream().sorted().toList());
        }
        String name = OLD_NAMES.getOrDefault(layer, layer) + "." + word;
        if (tensors.put(name, tensor(data)) != null) {
            throw refuse("two variables are called " + name);
        }
    }

    private TensorData tensor(Dataset data) throws CheckpointException {
        if (data.getSizeInBytes() > size + MAX_EXPANSION) {
            throw refuse(data.getPath() + " is larger than the file");
        }
        int[] shape = data.getDimensions();
        Object values = data.getDataFlat();
        if (!(values instanceof float[] numbers)) {
            throw refuse(data.getPath() + " must hold numbers of 32 bits, got " + data.getJavaType());
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(numbers.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        if (shape.length < 2) {
            bytes.asFloatBuffer().put(numbers);
            return new TensorData(DType.F32, longs(shape), bytes);
        }
        int in = shape[shape.length - 2];
        int out = shape[shape.length - 1];
        int[] window = Arrays.copyOf(shape, shape.length - 2);
        int pixels = Arrays.stream(window).reduce(1, Math::multiplyExact);
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                for (int p = 0; p < pixels; p++) {
                    bytes.putFloat(numbers[(p * in + i) * out + o]);
                }
            }
        }
        List<Long> sizes = new ArrayList<>(List.of((long) out, (long) in));
        sizes.addAll(longs(window));
        return new TensorData(DType.F32, sizes, bytes.flip());
    }

    private static List<Long> longs(int[] values) {
        return Arrays.stream(values).asLongStream().boxed().toList();
    }

    private CheckpointException refuse(String rule) {
        return new CheckpointException(path + ": not a weight file of Keras that can be read: " + rule);
    }

    private CheckpointException refuse(String rule, Throwable cause) {
        CheckpointException refusal = refuse(rule);
        refusal.initCause(cause);
        return refusal;
    }
}
