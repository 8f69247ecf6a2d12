package io.github.resdensenet.checkpoint;

import io.github.resdensenet.util.Text;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads Keras weight files (HDF5) as tensors with PyTorch's names and layout.
 *
 * <p>For example, {@code conv1_conv/kernel} [height, width, in, out] becomes {@code conv1_conv.weight} [out, in,
 * height, width]. The kernels of dense layers are transposed.
 *
 * <p>Two file layouts are supported. Keras 3 ({@code NAME.weights.h5}) numbers the variables of a layer in a group
 * "vars", which has the layer's name as an attribute. Keras 2 ({@code save_weights}, {@code model.save("NAME.h5")} and
 * the files of keras.applications) stores each variable by name in a group with the layer's name.
 */
final class KerasFile {
    private static final byte[] MAGIC = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    private static final Map<String, String> TORCH_NAMES = Map.of(
            "kernel", "weight",
            "bias", "bias",
            "gamma", "weight",
            "beta", "bias",
            "moving_mean", "running_mean",
            "moving_variance", "running_var");
    /** The variables of a convolution or dense layer, in the order in which Keras numbers them. */
    private static final List<String> KERNEL = List.of("kernel", "bias");
    /** The variables of a batch normalisation, in the order in which Keras numbers them. */
    private static final List<String> NORMALIZATION = List.of("gamma", "beta", "moving_mean", "moving_variance");
    /** Layer names in the files of keras.applications that current Keras has changed: the classifier was "probs". */
    private static final Map<String, String> OLD_NAMES = Map.of("probs", "predictions");

    /** jhdf wants an address; this one has no drive letter, which Windows would not accept in it. */
    private static final URI IN_MESSAGES = URI.create("file:///weights.h5");

    private static final int MAX_DEPTH = 16;
    private static final long MAX_EXPANSION = 64 << 20;
    private static final long MAX_NAME = 4096;

    private final Path path;
    private final long size;
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final Set<Long> addresses = new HashSet<>();
    private long bytesOfTensors;

    private KerasFile(Path path, long size) {
        this.path = path;
        this.size = size;
    }

    /** Whether a file starts with the signature of HDF5. */
    static boolean looksLike(Path path) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(MAGIC.length);
        try (FileChannel channel = FileChannel.open(path)) {
            channel.read(start);
        }
        return Arrays.equals(start.array(), MAGIC);
    }

    /**
     * Reads all weights of the layers. The state of an optimiser is skipped.
     *
     * @return the tensors by PyTorch name
     * @throws CheckpointException if the file is corrupt, has an unsupported layer, or is not in a layout of Keras
     */
    static Map<String, TensorData> read(Path path) throws IOException {
        KerasFile keras = new KerasFile(path, Files.size(path));
        try (BoundedChannel channel = new BoundedChannel(path);
                HdfFile file = new HdfFile(channel, IN_MESSAGES)) {
            keras.collect(file.getChildren().get("model_weights") instanceof Group model ? model : file, 0);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) { // jhdf checks few sizes in the file
            throw keras.invalid("corrupt or unsupported HDF5 content", e);
        }
        if (keras.tensors.isEmpty()) {
            throw keras.invalid("the file contains no weights");
        }
        return keras.tensors;
    }

    private void collect(Group group, int depth) throws CheckpointException {
        if (depth > MAX_DEPTH) {
            throw invalid("groups are nested more than " + MAX_DEPTH + " levels deep");
        }
        List<Dataset> variables = new ArrayList<>();
        for (Node child : group.getChildren().values()) {
            if (child.isLink() || !addresses.add(child.getAddress())) { // links can form cycles
                throw invalid(Text.printable(child.getPath()) + " is a link; links are not supported");
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

    /** Reads the variables "0", "1", ... of a layer. Keras 3 numbers them in the order in which it creates them. */
    private void numbered(Group group, List<Dataset> variables) throws CheckpointException {
        Attribute name = group.getAttribute("name");
        if (name != null && name.getSizeInBytes() > MAX_NAME) {
            throw invalid(group.getPath() + " has a name of " + name.getSizeInBytes() + " bytes, at most " + MAX_NAME
                    + " are allowed");
        }
        if (name == null || !(name.getData() instanceof String layer)) {
            throw invalid(group.getPath()
                    + " has no attribute \"name\" with the layer's name; save the file with a newer version of Keras");
        }
        boolean kernel = rank(group, "0") > 1 && variables.size() <= KERNEL.size();
        List<String> names = kernel ? KERNEL : NORMALIZATION;
        if (!kernel && variables.size() != NORMALIZATION.size()) {
            throw invalid("unsupported layer " + layer + " with " + variables.size()
                    + " variables; must be a convolution, dense or batch normalisation layer");
        }
        for (int i = 0; i < variables.size(); i++) {
            if (!(group.getChildren().get(Integer.toString(i)) instanceof Dataset variable)) {
                throw invalid("variable " + i + " of layer " + layer + " is missing");
            }
            add(layer, names.get(i), variable);
        }
    }

    private static int rank(Group group, String variable) {
        return group.getChildren().get(variable) instanceof Dataset first ? first.getDimensions().length : 0;
    }

    private void add(String layer, String variable, Dataset data) throws CheckpointException {
        String torchName = TORCH_NAMES.get(variable);
        if (torchName == null) {
            throw invalid("unknown variable " + layer + "/" + variable + ", must be one of "
                    + TORCH_NAMES.keySet().stream().sorted().toList());
        }
        String name = OLD_NAMES.getOrDefault(layer, layer) + "." + torchName;
        if (tensors.put(name, tensor(data)) != null) {
            throw invalid("duplicate variable " + name);
        }
    }

    private TensorData tensor(Dataset data) throws CheckpointException {
        bytesOfTensors += Math.max(0, data.getSizeInBytes());
        if (bytesOfTensors > size + MAX_EXPANSION) {
            throw invalid(data.getPath() + " and the variables before it have " + bytesOfTensors + " bytes, at most "
                    + (size + MAX_EXPANSION) + " are allowed in a file of " + size + " bytes");
        }
        if (!data.getFilters().isEmpty()) { // decoders of compressed data trust the sizes in the file
            throw invalid(data.getPath() + " is compressed; Keras writes weights without compression");
        }
        int[] shape = data.getDimensions();
        Object values = data.getDataFlat();
        if (!(values instanceof float[] numbers)) {
            throw invalid(data.getPath() + " must be float32"
                    + (data.getJavaType().isPrimitive() ? ", got " + data.getJavaType() : ""));
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

    private CheckpointException invalid(String problem) {
        return new CheckpointException(path + ": not a valid Keras weight file: " + Text.limit(problem));
    }

    private CheckpointException invalid(String problem, Throwable cause) {
        CheckpointException exception = invalid(problem);
        exception.initCause(cause);
        return exception;
    }
}
