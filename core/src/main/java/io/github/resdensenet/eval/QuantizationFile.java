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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;

/**
 * The quantization.json of a run: how its best checkpoint is computed in 8 bits.
 *
 * @param sha256 SHA-256 of the text of this file, computed with this value empty
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param weightsSha256 SHA-256 of the weights to which the ranges belong
 * @param images number of training images on which the ranges were measured
 * @param seed seed of the choice of these images
 * @param temperature divisor of the logits for calibrated probabilities in 8 bits
 * @param floatLayers dotted paths of the convolutions that are computed in bfloat16
 * @param ranges range of every value of the network, by the value's number
 */
public record QuantizationFile(
        String sha256,
        int formatVersion,
        String weightsSha256,
        int images,
        long seed,
        double temperature,
        List<String> floatLayers,
        Map<Integer, StoredRange> ranges) {
    /** The format version that this program reads and writes. */
    public static final int FORMAT_VERSION = 2;
    /** Name of the file in the run folder. */
    public static final String NAME = "quantization.json";

    private static final long MAX_BYTES = 64 << 20;

    /**
     * A range in the file, see {@link Quantization.Range}.
     *
     * @param low little-endian float32 numbers, in base64
     * @param high little-endian float32 numbers, in base64
     * @param limit the limit
     */
    record StoredRange(byte[] low, byte[] high, float limit) {
        static StoredRange of(Quantization.Range range) {
            return new StoredRange(bytes(range.low()), bytes(range.high()), range.limit());
        }

        Quantization.Range range() {
            return new Quantization.Range(floats(low), floats(high), limit);
        }

        private static byte[] bytes(float[] values) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return bytes.array();
        }

        private static float[] floats(byte[] bytes) {
            if (bytes.length % Float.BYTES != 0) {
                throw new IllegalArgumentException(
                        "low and high must be float32 numbers, got " + bytes.length + " bytes");
            }
            float[] values = new float[bytes.length / Float.BYTES];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            return values;
        }
    }

    /** Copies the collections and checks the temperature. */
    public QuantizationFile {
        floatLayers = List.copyOf(floatLayers);
        ranges = new TreeMap<>(ranges);
        if (ranges.containsValue(null)) {
            throw new IllegalArgumentException("ranges must not be null");
        }
        new Temperature(temperature); // checks it
    }

    /** A file for the best checkpoint of a run. */
    public static QuantizationFile of(
            Checkpoint best, int images, long seed, Temperature temperature, Quantization quantization) {
        Map<Integer, StoredRange> ranges = new TreeMap<>();
        quantization.ranges().forEach((value, range) -> ranges.put(value, StoredRange.of(range)));
        return new QuantizationFile(
                "",
                FORMAT_VERSION,
                best.weightsSha256(),
                images,
                seed,
                temperature.value(),
                quantization.floatLayers().stream().sorted().toList(),
                ranges);
    }

    /** The ranges and the layers in bfloat16. */
    Quantization quantization() {
        Map<Integer, Quantization.Range> decoded = new TreeMap<>();
        ranges.forEach((value, range) -> decoded.put(value, range.range()));
        return new Quantization(decoded, Set.copyOf(floatLayers));
    }

    /** Writes the file into a run folder and returns its path. */
    public Path write(Run run) throws IOException {
        Path file = run.file(NAME);
        String text = StrictJson.MAPPER.writeValueAsString(this) + "\n";
        byte[] content = StrictJson.sign(text).getBytes(StandardCharsets.UTF_8);
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
        if (file.formatVersion != FORMAT_VERSION) {
            throw new IOException(path + ": formatVersion must be " + FORMAT_VERSION + ", got " + file.formatVersion
                    + "; write it again with: resdensenet quantize " + run.folder());
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
            if (!StrictJson.isSigned(text, file.sha256)) {
                throw new IOException(path + ": corrupt, its SHA-256 differs from the one in it");
            }
            return file;
        } catch (JacksonException e) {
            throw new IOException(path + ": not a quantisation file: " + Text.problem("JSON", e), e);
        }
    }
}
