package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads files of {@code torch.save}: zip files (torch 1.6 and later) and the older format of concatenated pickles.
 *
 * <p>The file is read into memory once. Contiguous tensors are slices of this memory; only strided views are copied.
 * Nothing in the file is executed.
 */
final class PthFile {
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_PROTOCOL = 1001;
    private static final int MAX_RANK = 8;
    private static final int MAX_TENSORS = 100_000;
    private static final int MAX_NAME = 1000;
    private static final int MAX_LISTED = 10;
    /** Strided views are copied. Together, the copies have at most this many bytes more than the file. */
    private static final long MAX_EXPANSION = 16 << 20;

    private final Path path;
    private final ByteBuffer file;
    private final Map<String, ByteBuffer> storages = new HashMap<>();
    private Object root = Pickle.NONE;
    private int tensors;
    private long copied;

    private PthFile(Path path, ByteBuffer file) {
        this.path = path;
        this.file = file;
    }

    /** Whether a file starts like a zip file or a pickle. */
    public static boolean looksLike(Path path) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(path)) {
            channel.read(start);
        }
        start.flip();
        return StrictZip.looksLike(start) || (start.remaining() >= 2 && (start.get(0) & 0xff) == 0x80);
    }

    /**
     * Reads a state dict.
     *
     * @param key where the state dict is in the file: names of nested dicts joined by dots; "" for the top level
     * @param strip a prefix to remove from every name that has it, such as "module."; "" for none
     * @return the tensors by name, in the file's order
     * @throws CheckpointException if the file is corrupt or has no dict of tensors at the key
     */
    public static Map<String, TensorData> read(Path path, String key, String strip) throws IOException {
        PthFile pth = open(path);
        Map<?, ?> dict = pth.dict(key);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (Map.Entry<?, ?> item : dict.entrySet()) {
            String name = String.valueOf(item.getKey());
            pth.checkLength(name);
            if (!(item.getValue() instanceof Pickle.View view)) {
                throw new CheckpointException(path + ": " + name + " is not a tensor" + pth.suggestion(key));
            }
            String shortName = !strip.isEmpty() && name.startsWith(strip) ? name.substring(strip.length()) : name;
            if (tensors.put(shortName, pth.tensor(name, view)) != null) {
                throw new CheckpointException(path + ": duplicate tensor name " + shortName);
            }
        }
        if (tensors.isEmpty()) {
            throw new CheckpointException(path + ": no tensors found" + pth.suggestion(key));
        }
        return tensors;
    }

    /** Reads every tensor of the file. Names are the keys of dicts and the indices of lists, joined by dots. */
    static Map<String, TensorData> readAll(Path path) throws IOException {
        PthFile pth = open(path);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        pth.collect("", pth.root, tensors);
        return tensors;
    }

    private void collect(String name, Object value, Map<String, TensorData> into) throws CheckpointException {
        checkLength(name);
        String prefix = name.isEmpty() ? "" : name + ".";
        if (value instanceof Pickle.View view) {
            into.put(name, tensor(name, view));
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> item : map.entrySet()) {
                collect(prefix + item.getKey(), item.getValue(), into);
            }
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                collect(prefix + i, list.get(i), into);
            }
        }
    }

    private void checkLength(String name) throws CheckpointException {
        if (name.length() > MAX_NAME) {
            throw invalid("data", "the name of a tensor is longer than " + MAX_NAME + " characters");
        }
    }

    private static PthFile open(Path path) throws IOException {
        PthFile pth = new PthFile(path, bytes(path));
        if (StrictZip.looksLike(pth.file)) {
            pth.readZip();
        } else {
            pth.readLegacy();
        }
        return pth;
    }

    private static ByteBuffer bytes(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new CheckpointException(path + ": the file has " + size + " bytes, the limit is 2 GiB");
            }
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new CheckpointException(path + ": the file was truncated while it was read");
                }
            }
            return bytes.flip();
        }
    }

    private void readZip() throws CheckpointException {
        Map<String, ByteBuffer> records = StrictZip.read(file, path);
        ByteBuffer pickle = records.get("data.pkl");
        if (pickle == null) {
            throw invalid("data.pkl", "the record is missing; the file must be written by torch.save");
        }
        ByteBuffer order = records.get("byteorder");
        if (order != null
                && !StandardCharsets.US_ASCII
                        .decode(order.duplicate())
                        .toString()
                        .equals("little")) {
            throw invalid("byteorder", "only little-endian files are supported");
        }
        root = Pickle.read(pickle, path, "data.pkl").value();
        if (pickle.hasRemaining()) {
            throw invalid("data.pkl", pickle.remaining() + " extra bytes after the pickle");
        }
        records.forEach((name, record) -> {
            if (name.startsWith("data/")) {
                storages.put(name.substring("data/".length()), record);
            }
        });
    }

    private void readLegacy() throws CheckpointException {
        if (!LEGACY_MAGIC.equals(Pickle.read(file, path, "magic number").value())) {
            throw invalid("magic number", "wrong value; the file must be written by torch.save");
        }
        if (!Long.valueOf(LEGACY_PROTOCOL)
                .equals(Pickle.read(file, path, "protocol version").value())) {
            throw invalid("protocol version", "must be " + LEGACY_PROTOCOL);
        }
        if (!(Pickle.read(file, path, "system").value() instanceof Map<?, ?> system)
                || !Boolean.TRUE.equals(system.get("little_endian"))) {
            throw invalid("system", "only little-endian files are supported");
        }
        Pickle.Content object = Pickle.read(file, path, "object");
        root = object.value();
        if (!(Pickle.read(file, path, "storage keys").value() instanceof List<?> keys)) {
            throw invalid("storage keys", "must be a list");
        }
        for (Object number : keys) {
            if (!(number instanceof String key) || !object.storages().containsKey(key) || storages.containsKey(key)) {
                throw invalid("storage keys", "must be the keys of the storages that tensors use, each once");
            }
            Pickle.Storage storage = object.storages().get(key);
            if (file.remaining() < 8) {
                throw invalid("storage " + key, "the file is truncated");
            }
            long elements = file.getLong();
            long bytes = bytes(elements, storage.dtype(), "storage " + key);
            if (elements != storage.elements() || bytes > file.remaining()) {
                throw invalid(
                        "storage " + key,
                        elements + " elements instead of " + storage.elements() + ", or the file is truncated");
            }
            storages.put(key, file.slice(file.position(), (int) bytes).order(ByteOrder.LITTLE_ENDIAN));
            file.position(file.position() + (int) bytes);
        }
        if (file.hasRemaining()) {
            throw invalid("file", file.remaining() + " extra bytes after the last storage");
        }
    }

    private Map<?, ?> dict(String key) throws CheckpointException {
        Object at = root;
        if (!key.isEmpty()) {
            for (String part : key.split("\\.", -1)) {
                if (!(at instanceof Map<?, ?> map) || !map.containsKey(part)) {
                    throw new CheckpointException(path + ": no entry with key " + key + suggestion(key));
                }
                at = map.get(part);
            }
        }
        if (!(at instanceof Map<?, ?> dict)) {
            throw new CheckpointException(
                    path + ": " + (key.isEmpty() ? "the top level" : key) + " is not a dict of tensors");
        }
        return dict;
    }

    /** The end of an error message: the state dicts at the top level of the file, if there are any besides the key. */
    private String suggestion(String key) {
        TreeSet<String> keys = new TreeSet<>();
        if (root instanceof Map<?, ?> map) {
            map.forEach((name, value) -> {
                if (value instanceof Map<?, ?> inner
                        && inner.values().stream().anyMatch(Pickle.View.class::isInstance)) {
                    keys.add(String.valueOf(name));
                }
            });
        }
        keys.remove(key);
        String listed = keys.stream().limit(MAX_LISTED).collect(Collectors.joining(", "));
        return keys.isEmpty()
                ? ""
                : "; use --key to choose one of: " + listed
                        + (keys.size() > MAX_LISTED ? " and " + (keys.size() - MAX_LISTED) + " more" : "");
    }

    /** The elements of a view as a contiguous tensor. */
    private TensorData tensor(String name, Pickle.View view) throws CheckpointException {
        if (++tensors > MAX_TENSORS) {
            throw invalid("data", "more than " + MAX_TENSORS + " tensors");
        }
        Pickle.Storage storage = view.storage();
        DType dtype = storage.dtype();
        ByteBuffer record = storages.get(storage.key());
        if (record == null) {
            throw invalid("tensor " + name, "storage " + storage.key() + " is missing");
        }
        if (bytes(storage.elements(), dtype, "tensor " + name) != record.remaining()) {
            throw invalid(
                    "tensor " + name,
                    "storage " + storage.key() + " has " + record.remaining() + " bytes instead of "
                            + storage.elements() + " elements of type " + dtype);
        }
        List<Long> shape = view.shape();
        List<Long> strides = view.strides();
        if (shape.size() != strides.size() || shape.size() > MAX_RANK) {
            throw invalid(
                    "tensor " + name,
                    "shape " + shape + " and strides " + strides + " must have the same length, at most " + MAX_RANK);
        }
        long elements = 1;
        long last = 0;
        boolean dense = true;
        try {
            long expected = 1;
            for (int d = shape.size() - 1; d >= 0; d--) {
                if (shape.get(d) < 0 || strides.get(d) < 0) {
                    throw invalid("tensor " + name, "negative value in shape " + shape + " or strides " + strides);
                }
                dense &= shape.get(d) == 1 || strides.get(d) == expected;
                expected = Math.multiplyExact(expected, shape.get(d));
                elements = Math.multiplyExact(elements, shape.get(d));
                last = Math.addExact(last, Math.multiplyExact(Math.max(0, shape.get(d) - 1), strides.get(d)));
            }
            long offset = Math.addExact(view.offset(), storage.viewOffset());
            long end = elements == 0 ? offset : Math.addExact(Math.addExact(offset, last), 1);
            long limit = Math.min(storage.elements(), Math.addExact(storage.viewOffset(), storage.viewElements()));
            if (view.offset() < 0 || storage.viewOffset() < 0 || end > limit) {
                throw invalid("tensor " + name, "needs " + end + " elements of a storage of " + limit);
            }
            long bytes = bytes(elements, dtype, "tensor " + name);
            if (dense || elements == 0) {
                return new TensorData(
                        dtype, shape, record.slice((int) (elements == 0 ? 0 : offset * dtype.bytes()), (int) bytes));
            }
            copied += bytes;
            if (copied > file.capacity() + MAX_EXPANSION) {
                throw invalid("tensor " + name, "the tensors expand their storages too much");
            }
            return new TensorData(dtype, shape, gathered(record, dtype, offset, shape, strides, bytes));
        } catch (ArithmeticException e) {
            throw invalid("tensor " + name, "shape " + shape + " and strides " + strides + " are too large");
        }
    }

    private static ByteBuffer gathered(
            ByteBuffer record, DType dtype, long offset, List<Long> shape, List<Long> strides, long bytes) {
        ByteBuffer to = ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
        long[] index = new long[shape.size()];
        int size = dtype.bytes();
        while (to.hasRemaining()) {
            long at = offset;
            for (int d = 0; d < index.length; d++) {
                at += index[d] * strides.get(d);
            }
            int from = (int) (at * size);
            for (int b = 0; b < size; b++) {
                to.put(record.get(from + b));
            }
            for (int d = index.length - 1; d >= 0 && ++index[d] == shape.get(d); d--) {
                index[d] = 0;
            }
        }
        return to.flip();
    }

    private long bytes(long elements, DType dtype, String what) throws CheckpointException {
        try {
            long bytes = Math.multiplyExact(elements, (long) dtype.bytes());
            if (elements >= 0 && bytes <= Integer.MAX_VALUE) {
                return bytes;
            }
        } catch (ArithmeticException e) {
            // rejected below
        }
        throw invalid(what, "invalid number of elements: " + elements + " of type " + dtype);
    }

    private CheckpointException invalid(String entry, String problem) {
        return new CheckpointException(path + ": not a valid .pth file: " + entry + ": " + problem);
    }
}
