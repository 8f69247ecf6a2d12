package io.github.resdensenet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.nn.ImageClassifier;
import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.testkit.Allocation;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    private static final ModelConfig SMALL = ModelConfig.resDenseNet(4, List.of(1, 2), 8, 2);

    @TempDir
    private Path folder;

    private static byte[] bytes(Safetensors content) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.write(out);
        return out.toByteArray();
    }

    @Test
    void roundTripIsBitExact() throws Exception {
        ImageClassifier model = Models.create(SMALL, 3, 5);
        Safetensors saved = new Safetensors(ModelState.of(model), Map.of("who", "test"));
        Path file = folder.resolve("w.safetensors");
        Files.write(file, bytes(saved));
        Safetensors read = Safetensors.read(file);
        assertThat(read.tensors()).isEqualTo(saved.tensors());
        assertThat(read.metadata()).containsExactlyEntriesOf(Map.of("who", "test"));
        assertThat(bytes(read)).isEqualTo(bytes(saved));
        ImageClassifier other = Models.create(SMALL, 3, 6);
        ModelState.load(other, read.tensors(), file);
        assertThat(ModelState.of(other)).isEqualTo(ModelState.of(model));
    }

    @Test
    void errorListsAllDifferences() {
        ImageClassifier model = Models.create(SMALL, 3, 5);
        Map<String, TensorData> state = new LinkedHashMap<>(ModelState.of(Models.create(SMALL, 4, 5)));
        state.remove("stem.0.weight");
        state.put("extra", state.values().iterator().next());
        Map<String, TensorData> before = ModelState.of(model);
        assertThatThrownBy(() -> ModelState.load(model, state, Path.of("file")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("1 missing: stem.0.weight")
                .hasMessageContaining("1 unexpected: extra")
                .hasMessageContaining("2 with a different shape or type: classifier.weight [4, 16] instead of [3, 16]");
        assertThat(ModelState.of(model)).isEqualTo(before);
    }

    private Path file(String header, int data) throws Exception {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        Path path = folder.resolve("invalid.safetensors");
        Files.write(path, file.array());
        return path;
    }

    /** Header, number of data bytes after it, and expected part of the error message. */
    private static final List<String> INVALID = List.of(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}|12|the data section has 12",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}|4|the data section has 4",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}|12|which leaves a gap",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}|12|which overlaps another tensor",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}|8|needs 12 bytes",
            "{\"a\":{\"dtype\":\"Q7\",\"shape\":[2],\"data_offsets\":[0,8]}}|8|unsupported dtype Q7, must be one of [F64, F32,",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}|8|must be non-negative integers, got -2",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}|8|the shape [4611686018427387904, 4] of tensor a is too large",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}|8|must have dtype, shape and two data_offsets",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}}|8|duplicate key a",
            "[1]|0|not a JSON object",
            "nonsense|0|invalid JSON at line 1");

    @Test
    void rejectsInvalidFilesWithReason() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (String line : INVALID) {
            String[] parts = line.split("\\|");
            Path path = file(parts[0], Integer.parseInt(parts[1]));
            try {
                Safetensors.read(path);
                wrong.add(line);
            } catch (CheckpointException e) {
                String message = String.valueOf(e.getMessage());
                if (!message.startsWith(path.toString()) || !message.contains(parts[2])) {
                    wrong.add(message);
                }
            }
        }
        byte[] notUtf8 = {2, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF, (byte) 0xFE};
        byte[] tooLong = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0, 0, 0, 0, '{', '}'};
        for (byte[] bytes : List.of(notUtf8, tooLong, new byte[] {1, 2, 3})) {
            Path path = Files.write(folder.resolve("raw.safetensors"), bytes);
            try {
                Safetensors.read(path);
                wrong.add(Arrays.toString(bytes));
            } catch (CheckpointException e) {
                if (!String.valueOf(e.getMessage()).matches(".*(not UTF-8|header length|too short).*")) {
                    wrong.add(String.valueOf(e.getMessage()));
                }
            }
        }
        Trust.row("C4", INVALID.size() + 3, wrong.size(), wrong);
        assertThat(wrong).isEmpty();
    }

    @Test
    void aHeaderOfAnyLengthIsNotTakenForAPickle() throws Exception {
        Path path = folder.resolve("m.safetensors");
        int pickles = 0;
        for (int length = 0; length < 256; length += 4) {
            Files.write(path, bytes(new Safetensors(Map.of(), Map.of("padding", " ".repeat(length)))));
            pickles += PthFile.looksLike(path) ? 1 : 0;
            assertThat(WeightFile.read(path, "", "").format()).isEqualTo(WeightFile.Format.SAFETENSORS);
        }
        assertThat(pickles).isPositive();
    }

    @Test
    void rejectsTruncatedFiles() throws Exception {
        byte[] whole = bytes(new Safetensors(ModelState.of(Models.create(SMALL, 3, 5)), Map.of()));
        Path path = folder.resolve("truncated.safetensors");
        for (int length = 0; length < whole.length; length += 61) {
            Files.write(path, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Safetensors.read(path)).isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void rejectsCorruptFilesOrReadsIdenticalWeights() throws Exception {
        Safetensors saved = new Safetensors(ModelState.of(Models.create(SMALL, 3, 5)), Map.of());
        byte[] whole = bytes(saved);
        Path path = folder.resolve("m.safetensors");
        KeyedRandom random = KeyedRandom.of(4);
        int rejected = 0;
        int changed = 0;
        long maxAllocated = 0;
        int step = Extent.of(11, 1);
        for (int i = 0; i < 5000; i += step) {
            byte[] mutant = whole.clone();
            if (i % 2 == 0) {
                int bit = random.nextInt(8 * (i % 4 == 0 ? whole.length : 2000)); // half of them in the header
                mutant[bit / 8] ^= (byte) (1 << bit % 8);
            } else {
                int cut = i < 2500 ? i : whole.length - 1 - (i - 2500) % 4096;
                mutant = Arrays.copyOf(whole, Math.max(0, cut));
            }
            Files.write(path, mutant);
            long before = Allocation.ofThisThread();
            try {
                changed += Safetensors.read(path).tensors().equals(saved.tensors()) ? 0 : 1;
            } catch (CheckpointException e) {
                rejected++;
            }
            maxAllocated = Math.max(maxAllocated, Allocation.ofThisThread() - before);
        }
        Trust.row(
                "C3-safetensors",
                (5000 + step - 1) / step,
                changed,
                "%d rejected, the others unchanged; %d KiB allocated".formatted(rejected, maxAllocated >> 10));
        assertThat(changed).isZero();
        assertThat(maxAllocated).isLessThan(64L << 20);
    }

    @Test
    void readsFileWithoutDigest() throws Exception {
        Path path = file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8);
        assertThat(Safetensors.read(path).tensors()).containsOnlyKeys("a");
    }

    @Test
    void messagesAreShortAndNameNoClass() throws Exception {
        for (String header : List.of(
                "{\"a\":" + "[".repeat(600),
                "{\"" + "n".repeat(100_000) + "\":{}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + "9,".repeat(100_000) + "9],\"data_offsets\":[0,4]}}")) {
            Path path = file(header, 0);
            assertThatThrownBy(() -> Safetensors.read(path))
                    .isInstanceOf(CheckpointException.class)
                    .satisfies(e -> assertThat(String.valueOf(e.getMessage()))
                            .hasSizeLessThan(path.toString().length() + 500)
                            .doesNotContainPattern("\\(\\)|Exception|[a-z]\\.[A-Z]"));
        }
    }
}
