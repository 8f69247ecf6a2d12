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

/**
 * Reads files of {@code torch.save}: zip files (torch 1.6 and later) and the older stacked pickles.
 *
 * <p>The file is read once, and tensors that are not strided views are parts of that memory. Nothing in it is executed.
 */
public final class PthFile {
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_PROTOCOL = 1001;
    private static final int MAX_RANK = 8;
    private static final long MAX_EXPANSION = 16 << 20;

    private final Path path;
    private final ByteBuffer file;
    private final Map<String, ByteBuffer> storages = new HashMap<>();
    private Object root = Pickle.NONE;

    private PthFile(Path path, ByteBuffer file) {
        this.path = path;
        this.file = file;
    }

    /** Whether a file is one of {@code torch.save}, by its first bytes. */
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
     * @param key where it lies in the file: names of nested dicts, joined by dots; "" for the whole file
     * @param strip a prefix to take off every name that has it, such as "module."; "" for none
     * @throws CheckpointException if the file breaks a rule, or something there is no tensor
     */
    public static Map<String, TensorData> read(Path path, String key, String strip) throws IOException {
        PthFile pth = open(path);
        Map<?, ?> dict = pth.dict(key);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (Map.Entry<?, ?> item : dict.entrySet()) {
            String name = String.valueOf(item.getKey());
            if (!(item.getValue() instanceof Pickle.View view)) {
                throw new CheckpointException(path + ": " + name + " is no tensor" + pth.suggestion(key));
            }
            String shortName = !strip.isEmpty() && name.startsWith(strip) ? name.substring(strip.length()) : name;
            if (tensors.put(shortName, pth.tensor(name, view)) != null) {
                throw new CheckpointException(path + ": two tensors are called " + shortName);
            }
        }
        if (tensors.isEmpty()) {
            throw new CheckpointException(path + ": there are no tensors" + pth.suggestion(key));
        }
        return tensors;
    }

    /** Every tensor of the file, whatever it lies in: the names of dicts and the places in lists joined by dots. */
    static Map<String, TensorData> readAll(Path path) throws IOException {
        PthFile pth = open(path);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        pth.collect("", pth.root, tensors);
        return tensors;
    }

    private void collect(String name, Object value, Map<String, TensorData> into) throws CheckpointException {
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

    private static PthFile open(Path path) throws IOException {
        PthFile pth = new PthFile(path, bytes(path));
        if (StrictZip.looksLike(pth.file)) {
            pth.readZip();
        } else {
            pth.readLegacy();
        }
        if (!Pickle.isShallow(pth.root)) {
            throw pth.refuse("data.pkl", "its dicts and lists contain themselves, or lie too deep in each other");
        }
        return pth;
    }

    private static ByteBuffer bytes(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new CheckpointException(path + ": " + size + " bytes, more than the 2 GiB that can be read");
            }
            ByteBuffer bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new CheckpointException(path + ": the file became shorter while it was read");
                }
            }
            return bytes.flip();
        }
    }

    private void readZip() throws CheckpointException {
        Map<String, ByteBuffer> records = StrictZip.read(file, path);
        ByteBuffer pickle = records.get("data.pkl");
        if (pickle == null) {
            throw refuse("data.pkl", "the record is missing; this is no file of torch.save");
        }
        ByteBuffer order = records.get("byteorder");
        if (order != null
                && !StandardCharsets.US_ASCII
                        .decode(order.duplicate())
                        .toString()
                        .equals("little")) {
            throw refuse("byteorder", "only little-endian files can be read");
        }
        root = Pickle.read(pickle, path, "data.pkl");
        if (pickle.hasRemaining()) {
            throw refuse("data.pkl", pickle.remaining() + " bytes after the end of the pickle");
        }
        records.forEach((name, record) -> {
            if (name.startsWith("data/")) {
                storages.put(name.substring("data/".length()), record);
            }
        });
    }

    private void readLegacy() throws CheckpointException {
        if (!LEGACY_MAGIC.equals(Pickle.read(file, path, "magic number"))) {
            throw refuse("magic number", "it is another; this is no file of torch.save");
        }
        if (!Long.valueOf(LEGACY_PROTOCOL).equals(Pickle.read(file, path, "protocol version"))) {
            throw refuse("protocol version", "it is not " + LEGACY_PROTOCOL);
        }
        if (!(Pickle.read(file, path, "system") instanceof Map<?, ?> system)
                || !Boolean.TRUE.equals(system.get("little_endian"))) {
            throw refuse("system", "only little-endian files can be read");
        }
        root = Pickle.read(file, path, "object");
        if (!(Pickle.read(file, path, "storage keys") instanceof List<?> keys)) {
            throw refuse("storage keys", "they are no list");
        }
        Map<String, Pickle.Storage> known = new HashMap<>();
        collectStorages(root, known);
        for (Object key : keys) {
            Pickle.Storage storage = known.get(String.valueOf(key));
            if (storage == null) {
                throw refuse("storage " + key, "no tensor uses it, so its type is unknown");
            }
            if (file.remaining() < 8) {
                throw refuse("storage " + key, "the file is cut off");
            }
            long elements = file.getLong();
            long bytes = bytes(elements, storage.dtype(), "storage " + key);
            if (elements != storage.elements() || bytes > file.remaining()) {
                throw refuse(
                        "storage " + key,
                        "it has " + elements + " elements where " + storage.elements()
                                + " belong, or the file is cut off");
            }
            storages.put(
                    String.valueOf(key),
                    file.slice(file.position(), (int) bytes).order(ByteOrder.LITTLE_ENDIAN));
            file.position(file.position() + (int) bytes);
        }
        if (file.hasRemaining()) {
            throw refuse("file", file.remaining() + " bytes after the last storage");
        }
    }

    private void collectStorages(Object value, Map<String, Pickle.Storage> into) {
        if (!Pickle.isShallow(value)) {
            return;
        }
        if (value instanceof Pickle.View view) {
            into.put(view.storage().key(), view.storage());
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(v -> collectStorages(v, into));
        } else if (value instanceof List<?> list) {
            list.forEach(v -> collectStorages(v, into));
        }
    }

    private Map<?, ?> dict(String key) throws CheckpointException {
        Object at = root;
        if (!key.isEmpty()) {
            for (String part : key.split("\\.", -1)) {
                if (!(at instanceof Map<?, ?> map) || !map.containsKey(part)) {
                    throw new CheckpointException(path + ": there is nothing at " + key + suggestion(key));
                }
                at = map.get(part);
            }
        }
        if (!(at instanceof Map<?, ?> dict)) {
            throw new CheckpointException(
                    path + ": " + (key.isEmpty() ? "the file" : key) + " holds no dict of tensors");
        }
        return dict;
    }

    /** The dicts of tensors at the top of the file. */
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
        return keys.isEmpty() ? "" : "; --key chooses one of: " + String.join(", ", keys);
    }

    /** The elements of a view, without gaps. */
    private TensorData tensor(String name, Pickle.View view) throws CheckpointException {
        Pickle.Storage storage = view.storage();
        DType dtype = storage.dtype();
        ByteBuffer record = storages.get(storage.key());
        if (record == null) {
            throw refuse("tensor " + name, "its storage " + storage.key() + " is missing");
        }
        if (bytes(storage.elements(), dtype, "tensor " + name) != record.remaining()) {
            throw refuse(
                    "tensor " + name,
                    "its storage " + storage.key() + " has " + record.remaining() + " bytes where " + storage.elements()
                            + " elements " + dtype + " belong");
        }
        List<Long> shape = view.shape();
        List<Long> strides = view.strides();
        if (shape.size() != strides.size() || shape.size() > MAX_RANK) {
            throw refuse("tensor " + name, "shape " + shape + " and strides " + strides + " do not belong together");
        }
        long elements = 1;
        long last = 0;
        boolean dense = true;
        try {
            long expected = 1;
            for (int d = shape.size() - 1; d >= 0; d--) {
                if (shape.get(d) < 0 || strides.get(d) < 0) {
                    throw refuse("tensor " + name, "negative sizes in shape " + shape + " or strides " + strides);
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
                throw refuse("tensor " + name, "it reaches element " + end + " of a storage of " + limit);
            }
            long bytes = bytes(elements, dtype, "tensor " + name);
            if (dense || elements == 0) {
                return new TensorData(
                        dtype, shape, record.slice((int) (elements == 0 ? 0 : offset * dtype.bytes()), (int) bytes));
            }
            if (bytes > Math.max(record.remaining(), MAX_EXPANSION)) {
                throw refuse("tensor " + name, "it repeats its storage to " + bytes + " bytes");
            }
            return new TensorData(dtype, shape, gathered(record, dtype, offset, shape, strides, bytes));
        } catch (ArithmeticException e) {
            throw refuse("tensor " + name, "shape " + shape + " and strides " + strides + " overflow");
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
            // refused below
        }
        throw refuse(what, elements + " elements " + dtype + " are impossible");
    }

    private CheckpointException refuse(String entry, String rule) {
        return new CheckpointException(path + ": not a valid .pth file: " + entry + ": " + rule);
    }
}
