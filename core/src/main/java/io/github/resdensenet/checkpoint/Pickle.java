package io.github.resdensenet.checkpoint;

import io.github.resdensenet.util.Text;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the pickles in files of {@code torch.save}: dicts, lists, tuples, strings, numbers and tensors.
 *
 * <p>Nothing in a pickle is executed. The few functions and types that a state dict needs are looked up by name in
 * fixed tables. Any other name, and any opcode that a state dict does not need, is rejected with its byte offset.
 */
final class Pickle {
    private static final int MAX_OPERATIONS = 2_000_000;
    /** Containers, dict entries, strings, tensors and memo entries. A state dict has about 15 per tensor. */
    private static final int MAX_OBJECTS = 500_000;

    private static final int MAX_STACK = 1 << 20;
    private static final int MAX_STRING = 1 << 20;
    private static final int MAX_CHARACTERS = 8 << 20;
    private static final int MAX_NAME = 200;
    private static final int MAX_RANK = 16;
    private static final int MAX_KEY = 1_000;
    /** Larger dicts have keys of one type: a hash table does not order keys of different types. */
    private static final int MAX_MIXED = 1_000;

    private static final int MAX_DEPTH = 100;

    /** A typed block of memory that tensors are views of. Offsets and sizes are in elements. */
    record Storage(DType dtype, String key, long elements, long viewOffset, long viewElements) {}

    /** A tensor: a strided view of a storage, with offset and strides in elements. */
    record View(Storage storage, long offset, List<Long> shape, List<Long> strides) {}

    /** A storage type that has no {@link DType}. The error for a tensor of this type contains its name. */
    private record Unsupported(String name) {}

    private enum Function {
        ORDERED_DICT,
        REBUILD_TENSOR,
        REBUILD_PARAMETER,
        SIZE
    }

    private static final Map<String, Function> FUNCTIONS = Map.of(
            "collections.OrderedDict", Function.ORDERED_DICT,
            "torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR,
            "torch._utils._rebuild_tensor", Function.REBUILD_TENSOR,
            "torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER,
            "torch.Size", Function.SIZE);

    private static final Map<String, DType> STORAGES = Map.of(
            "torch.DoubleStorage", DType.F64,
            "torch.FloatStorage", DType.F32,
            "torch.HalfStorage", DType.F16,
            "torch.BFloat16Storage", DType.BF16,
            "torch.LongStorage", DType.I64,
            "torch.IntStorage", DType.I32,
            "torch.ShortStorage", DType.I16,
            "torch.CharStorage", DType.I8,
            "torch.ByteStorage", DType.U8,
            "torch.BoolStorage", DType.BOOL);

    /** Python's {@code None}. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    private static final Object MARK = new Object();

    private final ByteBuffer in;
    private final Path path;
    private final String entry;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private final Map<String, Storage> storages = new HashMap<>();
    private int objects;
    private int characters;

    /**
     * The content of a pickle.
     *
     * @param value a Map, List, String, Number, Boolean, {@link View} or {@link #NONE}; dicts and lists in it form a
     *     tree of limited size and depth, in which values may be shared
     * @param storages the storages by key
     */
    record Content(Object value, Map<String, Storage> storages) {}

    private Pickle(ByteBuffer in, Path path, String entry) {
        this.in = in;
        this.path = path;
        this.entry = entry;
    }

    /**
     * Reads one pickle that starts at the buffer's position, and moves the position to its end.
     *
     * @param path the file, for error messages
     * @param entry the name of the pickle inside the file, for error messages
     * @throws CheckpointException if the pickle is corrupt, too large, or contains anything that a state dict does not
     *     need
     */
    static Content read(ByteBuffer in, Path path, String entry) throws CheckpointException {
        Pickle pickle = new Pickle(in.order(ByteOrder.LITTLE_ENDIAN), path, entry);
        Object value = pickle.run();
        pickle.checkTree(value);
        return new Content(value, pickle.storages);
    }

    private Object run() throws CheckpointException {
        check(in.remaining() >= 2 && (in.get() & 0xff) == 0x80, "not a pickle of protocol 2 or later");
        int protocol = in.get();
        check(protocol >= 2 && protocol <= 5, "unsupported pickle protocol " + protocol + ", must be 2 to 5");
        for (int operations = 0; operations < MAX_OPERATIONS; operations++) {
            int at = in.position();
            int op = unsigned(1);
            if (op == '.') {
                check(stack.size() == 1, "the pickle ends with " + stack.size() + " values on the stack, must be 1");
                Object value = stack.get(0);
                check(isData(value), "the pickle does not contain data");
                return value;
            }
            step(op, at);
        }
        throw invalid("the pickle has more than " + MAX_OPERATIONS + " operations");
    }

    private static boolean isData(Object value) {
        return value instanceof Map
                || value instanceof List
                || value instanceof String
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof View
                || value == NONE;
    }

    private void step(int op, int at) throws CheckpointException {
        switch (op) {
            case 0x95 -> { // FRAME: frames do not change the result, so only the length is checked
                check(in.remaining() >= 8 && in.getLong() <= in.remaining(), "a frame is longer than the pickle");
            }
            case '}' -> push(counted(new LinkedHashMap<>()));
            case ']' -> push(counted(new ArrayList<>()));
            case ')' -> push(List.of());
            case '(' -> push(MARK);
            case 't' -> push(counted(List.copyOf(toMark())));
            case 0x85 -> push(counted(tuple(1)));
            case 0x86 -> push(counted(tuple(2)));
            case 0x87 -> push(counted(tuple(3)));
            case 'N' -> push(NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) unsigned(1));
            case 'M' -> push((long) unsigned(2));
            case 'J' -> push((long) unsigned(4));
            case 0x8a -> push(longOf(unsigned(1)));
            case 'G' -> {
                check(in.remaining() >= 8, "the pickle is truncated");
                push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
            }
            case 'X' -> push(string(unsigned(4)));
            case 0x8c -> push(string(unsigned(1)));
            case 'T' -> push(string(unsigned(4)));
            case 'U' -> push(string(unsigned(1)));
            case 'q' -> memo.put(unsigned(1), counted(top()));
            case 'r' -> memo.put(unsigned(4), counted(top()));
            case 0x94 -> memo.put(memo.size(), counted(top()));
            case 'h' -> push(memoized(unsigned(1)));
            case 'j' -> push(memoized(unsigned(4)));
            case 's' -> {
                Object value = pop();
                Object key = pop();
                put(top(), key, value);
            }
            case 'u' -> {
                List<Object> pairs = toMark();
                check(pairs.size() % 2 == 0, "a dict has a key without a value");
                for (int i = 0; i < pairs.size(); i += 2) {
                    put(top(), pairs.get(i), pairs.get(i + 1));
                }
            }
            case 'a' -> {
                Object value = pop();
                list(top()).add(value);
            }
            case 'e' -> {
                List<Object> values = toMark();
                list(top()).addAll(values);
            }
            case 'c' -> push(global(line() + "." + line(), at));
            case 0x93 -> {
                Object name = pop();
                Object module = pop();
                check(
                        name instanceof String n && module instanceof String m && n.length() + m.length() <= MAX_NAME,
                        "a name is not a string of at most " + MAX_NAME + " characters");
                push(global(module + "." + name, at));
            }
            case 'R' -> {
                Object arguments = pop();
                push(counted(call(pop(), arguments)));
            }
            case 'b' -> { // BUILD: sets the attribute _metadata (module versions) of a state dict, which is ignored
                Object state = pop();
                check(top() instanceof Map && state instanceof Map, "attributes are set on a non-dict value");
            }
            case 'Q' -> push(storage(pop()));
            default ->
                throw invalid("byte " + at + ": unsupported opcode 0x" + Integer.toHexString(op)
                        + (op >= ' ' && op < 127 ? " '" + (char) op + "'" : ""));
        }
    }

    private Object global(String name, int at) throws CheckpointException {
        if (STORAGES.containsKey(name)) {
            return STORAGES.get(name);
        }
        if (FUNCTIONS.containsKey(name)) {
            return FUNCTIONS.get(name);
        }
        if (name.matches("torch\\.\\w+Storage")) {
            return new Unsupported(name);
        }
        throw invalid("byte " + at + ": the name " + Text.shorten(name)
                + " is not allowed; save the weights with torch.save(model.state_dict(), FILE)");
    }

    private Object call(Object function, Object arguments) throws CheckpointException {
        check(function instanceof Function && arguments instanceof List, "a value that is not a function is called");
        List<?> list = (List<?>) arguments;
        return switch ((Function) function) {
            case ORDERED_DICT -> orderedDict(list);
            case SIZE -> {
                check(list.size() == 1 && list.get(0) instanceof List, "torch.Size must have one tuple as argument");
                yield list.get(0);
            }
            case REBUILD_PARAMETER -> {
                check(list.size() >= 2 && list.get(0) instanceof View, "a parameter must be made of a tensor");
                yield list.get(0);
            }
            case REBUILD_TENSOR -> {
                check(
                        list.size() >= 4 && list.get(0) instanceof Storage && list.get(1) instanceof Long,
                        "a tensor must be made of a storage, an offset, a shape and strides");
                yield new View((Storage) list.get(0), (Long) list.get(1), longs(list.get(2)), longs(list.get(3)));
            }
        };
    }

    private Map<Object, Object> orderedDict(List<?> arguments) throws CheckpointException {
        Map<Object, Object> dict = new LinkedHashMap<>();
        if (!arguments.isEmpty()) {
            check(arguments.size() == 1 && arguments.get(0) instanceof List, "an OrderedDict must be made of a list");
            for (Object pair : (List<?>) arguments.get(0)) {
                check(pair instanceof List<?> p && p.size() == 2, "an OrderedDict must be made of pairs");
                put(dict, ((List<?>) pair).get(0), ((List<?>) pair).get(1));
            }
        }
        return dict;
    }

    private List<Long> longs(Object tuple) throws CheckpointException {
        check(
                tuple instanceof List<?> l && l.size() <= MAX_RANK,
                "a shape or its strides are not a tuple of at most " + MAX_RANK + " numbers");
        for (Object number : (List<?>) tuple) {
            check(number instanceof Long, "a shape or its strides are not integers");
        }
        @SuppressWarnings("unchecked")
        List<Long> numbers = (List<Long>) tuple;
        return List.copyOf(numbers); // the tuple itself, unless it is a list that can change
    }

    /**
     * Reads a persistent id: ("storage", type, key, location, elements). In old files, a sixth value can be a view of
     * another storage: (key, offset, elements).
     */
    private Storage storage(Object id) throws CheckpointException {
        check(
                id instanceof List<?> l && (l.size() == 5 || l.size() == 6) && "storage".equals(l.get(0)),
                "a persistent id is not a storage");
        List<?> parts = (List<?>) id;
        if (parts.get(1) instanceof Unsupported type) {
            throw invalid("unsupported tensor type " + type.name);
        }
        check(
                parts.get(1) instanceof DType && parts.get(2) instanceof String && parts.get(4) instanceof Long,
                "a storage must have a type, a key and a size");
        long elements = (Long) parts.get(4);
        String key = (String) parts.get(2);
        check(key.length() <= MAX_KEY, "the key of a storage is longer than " + MAX_KEY + " characters");
        check(elements >= 0, "a storage has " + elements + " elements");
        Optional<List<?>> view =
                parts.size() == 6 && parts.get(5) instanceof List<?> v ? Optional.of(v) : Optional.empty();
        long offset = 0;
        long viewElements = elements;
        if (view.isPresent()) {
            check(
                    view.get().size() == 3
                            && view.get().get(1) instanceof Long
                            && view.get().get(2) instanceof Long,
                    "a view of a storage must have a key, an offset and a size");
            offset = (Long) view.get().get(1);
            viewElements = (Long) view.get().get(2);
        }
        Storage storage = new Storage((DType) parts.get(1), key, elements, offset, viewElements);
        storages.put(key, storage);
        return counted(storage);
    }

    // Values

    @SuppressWarnings("unchecked")
    private void put(Object dict, Object key, Object value) throws CheckpointException {
        check(dict instanceof Map, "an item is set on a value that is not a dict");
        check(
                key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double,
                "a dict has a key that is not a string or number");
        check(
                !(key instanceof String text) || text.length() <= MAX_KEY,
                "a key is longer than " + MAX_KEY + " characters");
        Map<Object, Object> map = (Map<Object, Object>) dict;
        check(
                map.size() < MAX_MIXED
                        || key.getClass() == map.keySet().iterator().next().getClass(),
                "a dict with many items has keys of different types");
        map.put(key, counted(value));
    }

    /** Counts an object towards the limit of the pickle. */
    private <T> T counted(T object) throws CheckpointException {
        check(++objects <= MAX_OBJECTS, "the pickle has more than " + MAX_OBJECTS + " objects");
        return object;
    }

    @SuppressWarnings("unchecked")
    private List<Object> list(Object value) throws CheckpointException {
        check(value instanceof ArrayList, "a value is appended to a value that is not a list");
        return (List<Object>) value;
    }

    private List<Object> tuple(int size) throws CheckpointException {
        Object[] values = new Object[size];
        for (int i = size - 1; i >= 0; i--) {
            values[i] = pop();
        }
        return List.of(values);
    }

    private List<Object> toMark() throws CheckpointException {
        int mark = stack.lastIndexOf(MARK);
        check(mark >= 0, "a mark is missing on the stack");
        List<Object> above = stack.subList(mark + 1, stack.size());
        List<Object> values = new ArrayList<>(above);
        stack.subList(mark, stack.size()).clear();
        return values;
    }

    private void push(Object value) throws CheckpointException {
        check(stack.size() < MAX_STACK, "the stack has more than " + MAX_STACK + " values");
        stack.add(value);
    }

    private Object pop() throws CheckpointException {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    private Object top() throws CheckpointException {
        check(!stack.isEmpty() && stack.get(stack.size() - 1) != MARK, "a value is missing on the stack");
        return stack.get(stack.size() - 1);
    }

    private Object memoized(int number) throws CheckpointException {
        Object value = memo.get(number);
        if (value == null) {
            throw invalid("byte " + in.position() + ": memo entry " + number + " does not exist");
        }
        return value;
    }

    // Bytes

    private int unsigned(int bytes) throws CheckpointException {
        check(in.remaining() >= bytes, "the pickle is truncated");
        return switch (bytes) {
            case 1 -> in.get() & 0xff;
            case 2 -> in.getShort() & 0xffff;
            default -> in.getInt();
        };
    }

    private Object longOf(int bytes) throws CheckpointException {
        check(bytes <= 16 && in.remaining() >= bytes, "an integer of " + bytes + " bytes is too long or truncated");
        byte[] bigEndian = new byte[bytes];
        for (int i = bytes - 1; i >= 0; i--) {
            bigEndian[i] = in.get();
        }
        if (bytes == 0) {
            return 0L;
        }
        BigInteger value = new BigInteger(bigEndian);
        return value.bitLength() < 64 ? (Object) value.longValue() : counted(value);
    }

    private String string(int bytes) throws CheckpointException {
        check(
                bytes >= 0 && bytes <= MAX_STRING && bytes <= in.remaining(),
                "a string of " + Integer.toUnsignedString(bytes) + " bytes is too long or truncated");
        characters += bytes;
        check(characters <= MAX_CHARACTERS, "the strings are longer than " + MAX_CHARACTERS + " bytes together");
        ByteBuffer part = in.slice(in.position(), bytes);
        in.position(in.position() + bytes);
        try {
            return counted(StandardCharsets.UTF_8.newDecoder().decode(part).toString());
        } catch (CharacterCodingException e) {
            throw invalid("a string is not UTF-8");
        }
    }

    private String line() throws CheckpointException {
        StringBuilder line = new StringBuilder();
        for (int c = unsigned(1); c != '\n'; c = unsigned(1)) {
            check(c > ' ' && c < 127 && line.length() < MAX_NAME, "a name is longer than 200 characters or not ASCII");
            line.append((char) c);
        }
        return line.toString();
    }

    /**
     * Checks that a walk over all dicts and lists ends soon. A dict can contain another one many times or itself, so the
     * walk can be much longer than the pickle.
     */
    private void checkTree(Object root) throws CheckpointException {
        Deque<Iterator<?>> open = new ArrayDeque<>();
        open.push(List.of(root).iterator());
        for (int visits = 0; !open.isEmpty(); ) {
            if (!open.peek().hasNext()) {
                open.pop();
                continue;
            }
            Object value = open.peek().next();
            check(++visits <= MAX_OBJECTS, "dicts and lists repeat or contain themselves too many times");
            if (value instanceof Map<?, ?> map) {
                open.push(map.values().iterator());
            } else if (value instanceof List<?> list) {
                open.push(list.iterator());
            }
            check(open.size() <= MAX_DEPTH, "dicts and lists are nested more than " + MAX_DEPTH + " levels deep");
        }
    }

    private void check(boolean valid, String problem) throws CheckpointException {
        if (!valid) {
            throw invalid("byte " + in.position() + ": " + problem);
        }
    }

    private CheckpointException invalid(String problem) {
        return new CheckpointException(path + ": not a valid .pth file: " + entry + ", " + problem);
    }
}
