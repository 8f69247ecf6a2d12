package io.github.resdensenet.eval;

import io.github.resdensenet.engine.Quantization;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.StrictJson;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * The quantization.json of a run: how its best checkpoint is computed in 8 bits.
 *
 * @param sha256 SHA-256 of the text of this file, computed with this value empty
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}, or 2
 * @param weightsSha256 SHA-256 of the weights to which the ranges belong
 * @param images number of training images on which the ranges were measured
 * @param seed seed of the choice of these images
 * @param temperature divisor of the logits for calibrated probabilities in 8 bits
 * @param floatLayers dotted paths of the convolutions that are computed in bfloat16
 * @param ranges range of every value of the network, as a text: little-endian numbers in base64, for each value its
 *     number and its number of channels as int32, the limit, and the low and high numbers as float32. One text is read
 *     faster than an object per value, which version 2 has.
 */
public record QuantizationFile(
        String sha256,
        int formatVersion,
        String weightsSha256,
        int images,
        long seed,
        double temperature,
        List<String> floatLayers,
        JsonNode ranges) {
    /** The format version that this program reads and writes. */
    public static final int FORMAT_VERSION = 3;
    /** An earlier version that it reads, too. */
    private static final int OBJECTS = 2;

    /** Name of the file in the run folder. */
    public static final String NAME = "quantization.json";

    private static final long MAX_BYTES = 64 << 20;
    private static final int HEADER_BYTES = 2 * Integer.BYTES + Float.BYTES;

    /** Copies the layers and checks the temperature. */
    public QuantizationFile {
        floatLayers = List.copyOf(floatLayers);
        new Temperature(temperature); // checks it
    }

    /** A file for the best checkpoint of a run. */
    public static QuantizationFile of(
            Checkpoint best, int images, long seed, Temperature temperature, Quantization quantization) {
        return new QuantizationFile(
                "",
                FORMAT_VERSION,
                best.weightsSha256(),
                images,
                seed,
                temperature.value(),
                quantization.floatLayers().stream().sorted().toList(),
                StringNode.valueOf(encode(new TreeMap<>(quantization.ranges()))));
    }

    /**
     * The ranges and the layers in bfloat16.
     *
     * @throws IllegalArgumentException if the text of the ranges is invalid
     */
    Quantization quantization() {
        return new Quantization(
                ranges.isString() ? decode(ranges.asString()) : decodeObjects(ranges), Set.copyOf(floatLayers));
    }

    /** Version 2: an object per value with limit, low and high; the latter are numbers in base64. */
    private static Map<Integer, Quantization.Range> decodeObjects(JsonNode objects) {
        Map<Integer, Quantization.Range> ranges = new TreeMap<>();
        for (Map.Entry<String, JsonNode> value : objects.properties()) {
            JsonNode range = value.getValue();
            ByteBuffer low = bytes(range.path("low").asString(""));
            ByteBuffer high = bytes(range.path("high").asString(""));
            ranges.put(
                    Integer.valueOf(value.getKey()),
                    new Quantization.Range(
                            numbers(low, low.remaining() / Float.BYTES),
                            numbers(high, high.remaining() / Float.BYTES),
                            range.path("limit").floatValue(Float.NaN)));
        }
        return ranges;
    }

    private static ByteBuffer bytes(String text) {
        try {
            return ByteBuffer.wrap(Base64.getDecoder().decode(text)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("ranges must be base64, got " + Text.shorten(text), e);
        }
    }

    private static String encode(SortedMap<Integer, Quantization.Range> ranges) {
        int bytes = ranges.values().stream()
                .mapToInt(range -> HEADER_BYTES + 2 * Float.BYTES * range.low().length)
                .sum();
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        ranges.forEach((value, range) -> {
            buffer.putInt(value).putInt(range.low().length).putFloat(range.limit());
            for (float[] numbers : List.of(range.low(), range.high())) {
                buffer.asFloatBuffer().put(numbers);
                buffer.position(buffer.position() + Float.BYTES * numbers.length);
            }
        });
        return Base64.getEncoder().encodeToString(buffer.array());
    }

    private static Map<Integer, Quantization.Range> decode(String text) {
        ByteBuffer buffer = bytes(text);
        Map<Integer, Quantization.Range> ranges = new TreeMap<>();
        while (buffer.hasRemaining()) {
            if (buffer.remaining() < HEADER_BYTES) {
                throw new IllegalArgumentException("ranges end in the middle of a value");
            }
            int value = buffer.getInt();
            int channels = buffer.getInt();
            float limit = buffer.getFloat();
            if (channels < 0 || channels > buffer.remaining() / (2 * Float.BYTES)) {
                throw new IllegalArgumentException("ranges end in the middle of value " + value);
            }
            ranges.put(value, new Quantization.Range(numbers(buffer, channels), numbers(buffer, channels), limit));
        }
        return ranges;
    }

    private static float[] numbers(ByteBuffer buffer, int count) {
        float[] numbers = new float[count];
        buffer.asFloatBuffer().get(numbers);
        buffer.position(buffer.position() + Float.BYTES * count);
        return numbers;
    }

    /** Writes the file into a run folder and returns its path. */
    public Path write(Run run) throws IOException {
        Path file = run.file(NAME);
        String text = StrictJson.MAPPER.writeValueAsString(this) + "\n";
        byte[] content = StrictJson.withDigest(text).getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(file, out -> out.write(content), written -> {});
        return file;
    }

    /**
     * Reads the file of a run, if it has one.
     *
     * @param best the run's best checkpoint
     * @throws IOException if the file is corrupt or belongs to other weights
     */
    static Optional<QuantizationFile> find(Run run, Checkpoint best) throws IOException {
        Path path = run.file(NAME);
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        QuantizationFile file = parse(path);
        if (file.formatVersion != FORMAT_VERSION && file.formatVersion != OBJECTS) {
            throw new IOException(path + ": formatVersion must be " + OBJECTS + " or " + FORMAT_VERSION + ", got "
                    + file.formatVersion + "; write it again with: resdensenet quantize " + run.folder());
        }
        if (!file.weightsSha256.equals(best.weightsSha256())) {
            throw new IOException(path + ": belongs to other weights than the best checkpoint; write it again with:"
                    + " resdensenet quantize " + run.folder());
        }
        return Optional.of(file);
    }

    /** The error for a run without this file. */
    static IOException missing(Run run) {
        return new IOException(
                run.file(NAME) + ": missing; int8 needs it, write it with: resdensenet quantize " + run.folder());
    }

    private static QuantizationFile parse(Path path) throws IOException {
        String text = Text.read(path, MAX_BYTES);
        try {
            QuantizationFile file = StrictJson.MAPPER.readValue(text, QuantizationFile.class);
            if (!StrictJson.hasDigest(text, file.sha256)) {
                throw new IOException(path + ": corrupt, its SHA-256 differs from the one in it");
            }
            return file;
        } catch (JacksonException e) {
            throw new IOException(path + ": not a quantisation file: " + Text.problem("JSON", e), e);
        }
    }
}
