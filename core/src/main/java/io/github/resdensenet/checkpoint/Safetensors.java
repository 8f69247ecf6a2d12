package io.github.resdensenet.checkpoint;

import io.github.resdensenet.util.Digest;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The content of a safetensors file. The file consists of the length of the JSON header (8 bytes, little-endian), the
 * header with dtype, shape and byte range of each tensor, and the tensors' bytes without gaps.
 *
 * @param tensors the tensors by name, in the file's order
 * @param metadata the strings in the header's {@code __metadata__}
 */
public record Safetensors(Map<String, TensorData> tensors, Map<String, String> metadata) {
    private static final long MAX_HEADER = 16 << 20;
    private static final String METADATA = "__metadata__";

    /** Metadata key of the file's SHA-256, which is computed over all bytes with zeros in place of its own digits. */
    private static final String DIGEST = "resdensenet_sha256";

    private static final String NO_DIGEST = "0".repeat(64);
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** Whether a file starts with the length of a header that it has room for, and then a JSON object. */
    static boolean looksLike(Path path) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + 1).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(path)) {
            channel.read(start);
            start.flip();
            return start.remaining() > Long.BYTES
                    && start.getLong(0) > 0
                    && start.getLong(0) <= channel.size() - Long.BYTES
                    && start.get(Long.BYTES) == '{';
        }
    }

    /**
     * Reads a whole file and verifies its SHA-256 if the metadata has one.
     *
     * @throws CheckpointException if the file is corrupt or not a safetensors file
     * @throws IOException if the file cannot be read
     */
    public static Safetensors read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return read(file, channel);
        }
    }

    /**
     * Reads an open file from its start. See {@link #read(Path)}.
     *
     * @param file its path, for messages
     */
    public static Safetensors read(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw invalid(file, "the file is too short for a header: " + size + " bytes");
        }
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, prefix, 0, file);
        long headerLength = prefix.getLong(0);
        if (headerLength < 2 || headerLength > MAX_HEADER || headerLength > size - 8) {
            throw invalid(
                    file,
                    "header length " + Long.toUnsignedString(headerLength) + " is not between 2 and "
                            + Math.min(MAX_HEADER, size - 8));
        }
        ByteBuffer header = ByteBuffer.allocate((int) headerLength);
        readFully(channel, header, 8, file);
        long dataLength = size - 8 - headerLength;
        if (dataLength > Integer.MAX_VALUE) {
            throw invalid(file, "the tensors have " + dataLength + " bytes, the limit is 2 GiB");
        }
        Map<String, JsonNode> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        parse(header.flip(), entries, metadata, file);
        List<Entry> layout = layout(entries, dataLength, file);
        ByteBuffer data = ByteBuffer.allocateDirect((int) dataLength);
        readFully(channel, data, 8 + headerLength, file);
        String digest = metadata.remove(DIGEST);
        if (digest != null && !SHA256.matcher(digest).matches()) {
            throw invalid(file, "the SHA-256 in its header must be 64 hexadecimal digits");
        }
        if (digest != null && !digest.equals(digest(header.array(), digest, List.of(data.flip())))) {
            throw invalid(file, "corrupt, the SHA-256 of its content differs from the one in its header");
        }
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (Entry e : layout) {
            tensors.put(e.name, new TensorData(e.dtype, e.shape, data.slice((int) e.start, (int) (e.end - e.start))));
        }
        return new Safetensors(tensors, metadata);
    }

    private static void parse(ByteBuffer header, Map<String, JsonNode> entries, Map<String, String> metadata, Path file)
            throws CheckpointException {
        JsonNode root;
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
            root = JSON.readTree(text);
        } catch (CharacterCodingException e) {
            throw invalid(file, "the header is not UTF-8");
        } catch (JacksonException e) {
            throw invalid(file, Text.problem("JSON", e) + " in the header");
        }
        if (!root.isObject()) {
            throw invalid(file, "the header is not a JSON object");
        }
        for (Map.Entry<String, JsonNode> property : root.properties()) {
            if (!property.getKey().equals(METADATA)) {
                entries.put(property.getKey(), property.getValue());
                continue;
            }
            for (Map.Entry<String, JsonNode> string : property.getValue().properties()) {
                if (!string.getValue().isString()) {
                    throw invalid(file, METADATA + "." + string.getKey() + " is not a string");
                }
                metadata.put(string.getKey(), string.getValue().asString());
            }
        }
    }

    private record Entry(String name, DType dtype, List<Long> shape, long start, long end) {}

    private static List<Entry> layout(Map<String, JsonNode> entries, long dataLength, Path file)
            throws CheckpointException {
        List<Entry> layout = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : entries.entrySet()) {
            layout.add(entry(entry.getKey(), entry.getValue(), file));
        }
        layout.sort(Comparator.comparingLong(Entry::start).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry e : layout) {
            if (e.start != at) {
                throw invalid(
                        file,
                        "tensor " + e.name + " starts at byte " + e.start + " instead of " + at
                                + (e.start > at ? ", which leaves a gap" : ", which overlaps another tensor"));
            }
            at = e.end;
        }
        if (at != dataLength) {
            throw invalid(file, "the tensors have " + at + " bytes, the data section has " + dataLength);
        }
        return layout;
    }

    private static Entry entry(String name, JsonNode node, Path file) throws CheckpointException {
        JsonNode shapeNode = node.path("shape");
        JsonNode offsets = node.path("data_offsets");
        if (!node.path("dtype").isString()
                || !shapeNode.isArray()
                || !offsets.isArray()
                || offsets.size() != 2
                || node.size() != 3) {
            throw invalid(file, "tensor " + name + " must have dtype, shape and two data_offsets");
        }
        DType dtype = DType.named(node.path("dtype").asString())
                .orElseThrow(() -> invalid(
                        file,
                        "tensor " + name + " has unsupported dtype "
                                + node.path("dtype").asString() + ", must be one of "
                                + Arrays.toString(DType.values())));
        List<Long> shape = new ArrayList<>();
        for (JsonNode size : shapeNode) {
            shape.add(nonNegative(size, name, file));
        }
        long start = nonNegative(offsets.get(0), name, file);
        long end = nonNegative(offsets.get(1), name, file);
        long bytes;
        try {
            bytes = Math.multiplyExact(TensorData.elements(shape), dtype.bytes());
        } catch (ArithmeticException e) {
            throw invalid(file, "the shape " + shape + " of tensor " + name + " is too large");
        }
        if (end < start || end - start != bytes) {
            throw invalid(
                    file,
                    "tensor " + name + " " + dtype + shape + " needs " + bytes + " bytes, its range has "
                            + (end - start));
        }
        return new Entry(name, dtype, shape, start, end);
    }

    private static long nonNegative(JsonNode node, String name, Path file) throws CheckpointException {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.asLong() < 0) {
            throw invalid(file, "sizes and offsets of tensor " + name + " must be non-negative integers, got " + node);
        }
        return node.asLong();
    }

    private static void readFully(FileChannel channel, ByteBuffer into, long from, Path file) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into, from + into.position()) < 0) {
                throw invalid(file, "the file was truncated while it was read");
            }
        }
    }

    private static CheckpointException invalid(Path file, String problem) {
        return new CheckpointException(file + ": not a valid safetensors file: " + Text.limit(problem));
    }

    /** The file's SHA-256, computed with zeros in place of the digits that are in the header now. */
    private static String digest(byte[] header, String digits, List<ByteBuffer> data) {
        String text = new String(header, StandardCharsets.UTF_8).replace(digits, NO_DIGEST);
        MessageDigest digest = Digest.digest();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        data.forEach(part -> digest.update(part.duplicate()));
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Writes the file, with its SHA-256 in the metadata. Equal content gives byte-identical files. */
    public void write(OutputStream out) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        ObjectNode strings = header.putObject(METADATA);
        metadata.forEach(strings::put);
        strings.put(DIGEST, NO_DIGEST);
        long at = 0;
        for (Map.Entry<String, TensorData> tensor : tensors.entrySet()) {
            TensorData data = tensor.getValue();
            ObjectNode node = header.putObject(tensor.getKey());
            node.put("dtype", data.dtype().name());
            data.shape().forEach(node.putArray("shape")::add);
            long end = at + data.data().remaining();
            node.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        String unsigned = JSON.writeValueAsString(header);
        // Spaces after the header make the tensors start at a multiple of 8 bytes.
        String text = unsigned + " ".repeat(-unsigned.getBytes(StandardCharsets.UTF_8).length & 7);
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        List<ByteBuffer> parts = tensors.values().stream().map(TensorData::data).toList();
        String digest = digest(json, NO_DIGEST, parts);
        json = text.replace(NO_DIGEST, digest).getBytes(StandardCharsets.UTF_8);
        ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(json.length).put(json);
        out.write(start.array());
        WritableByteChannel channel = Channels.newChannel(out);
        for (TensorData tensor : tensors.values()) {
            ByteBuffer data = tensor.data();
            while (data.hasRemaining()) {
                channel.write(data);
            }
        }
    }
}
