package io.github.resdensenet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.resdensenet.nn.ModelConfig;
import io.github.resdensenet.nn.Models;
import io.github.resdensenet.testkit.Allocation;
import io.github.resdensenet.testkit.Corpora;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Golden;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class PthFileTest {
    private static final ModelConfig SMALL = ModelConfig.resDenseNet(4, List.of(1, 2), 8, 2);
    private static final Map<String, String> TYPES = Map.of(
            "torch.float64", "F64",
            "torch.float32", "F32",
            "torch.float16", "F16",
            "torch.bfloat16", "BF16",
            "torch.int64", "I64",
            "torch.int32", "I32",
            "torch.int16", "I16",
            "torch.int8", "I8",
            "torch.uint8", "U8",
            "torch.bool", "BOOL");

    @TempDir
    private Path folder;

    private static String sha256(ByteBuffer data) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(data);
        return HexFormat.of().formatHex(digest.digest());
    }

    @Test
    void readsSameTensorsAsTorch() throws Exception {
        List<Path> files = Corpora.files("pth-good");
        List<String> wrong = new ArrayList<>();
        for (Path file : files) {
            JsonNode golden =
                    Golden.json("pth.json").get("files").get(file.getFileName().toString());
            try {
                Map<String, TensorData> tensors = PthFile.readAll(file);
                if (golden.has("refused") || !identical(tensors, golden)) {
                    wrong.add(file.toString());
                }
            } catch (CheckpointException e) {
                if (!golden.has("refused") || !String.valueOf(e.getMessage()).startsWith(file + ": ")) {
                    wrong.add(String.valueOf(e.getMessage()));
                }
            }
        }
        Trust.row("C2", files.size(), wrong.size(), wrong);
        assertThat(wrong).isEmpty();
        assertThat(files).hasSizeGreaterThanOrEqualTo(24);
    }

    private static boolean identical(Map<String, TensorData> tensors, JsonNode golden) throws NoSuchAlgorithmException {
        boolean identical = tensors.keySet().equals(Set.copyOf(golden.propertyNames()));
        for (Map.Entry<String, TensorData> tensor : tensors.entrySet()) {
            JsonNode expected = golden.path(tensor.getKey());
            TensorData data = tensor.getValue();
            List<Long> shape = Arrays.stream(Golden.numbers(expected.path("shape")))
                    .mapToObj(d -> (long) d)
                    .toList();
            identical &=
                    data.dtype().name().equals(TYPES.get(expected.path("type").asString()))
                            && data.shape().equals(shape)
                            && sha256(data.data())
                                    .equals(expected.path("sha256").asString());
        }
        return identical;
    }

    @Test
    void rejectsHostileFiles() throws Exception {
        List<Path> files = Corpora.files("pth-hostile");
        List<String> wrong = new ArrayList<>();
        long maxAllocated = 0;
        for (Path file : files) {
            long before = Allocation.ofThisThread();
            try {
                Map<String, TensorData> read = PthFile.read(file, "", "");
                // This file is harmless: torch.load(weights_only=True) reads it too.
                if (!file.endsWith("data-pytorch_model.bin") || read.size() != 38) {
                    wrong.add(file + " was read");
                }
            } catch (CheckpointException e) {
                if (!String.valueOf(e.getMessage()).startsWith(file + ": ")) {
                    wrong.add(String.valueOf(e.getMessage()));
                }
            } catch (IOException | RuntimeException | Error e) {
                wrong.add(file + ": " + e);
            }
            maxAllocated = Math.max(maxAllocated, Allocation.ofThisThread() - before - 2 * Files.size(file));
        }
        Trust.row("C1", files.size(), wrong.size(), (maxAllocated >> 10) + " KiB allocated beyond the file");
        assertThat(wrong).isEmpty();
        assertThat(maxAllocated).isLessThan(64L << 20);
        assertThat(files).hasSizeGreaterThanOrEqualTo(17);
    }

    private static byte[] written(Map<String, TensorData> tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PthWriter.write(tensors, out);
        return out.toByteArray();
    }

    @Test
    void roundTripIsBitExactAndDeterministic() throws Exception {
        Map<String, TensorData> state = ModelState.of(Models.create(SMALL, 3, 5));
        Path file = folder.resolve("w.pth");
        Files.write(file, written(state));
        assertThat(PthFile.looksLike(file)).isTrue();
        assertThat(PthFile.read(file, "", "")).isEqualTo(state);
        assertThat(new ArrayList<>(PthFile.read(file, "", "").keySet())).isEqualTo(new ArrayList<>(state.keySet()));
        boolean identical = Arrays.equals(written(PthFile.read(file, "", "")), Files.readAllBytes(file));
        Trust.row("C5", state.size(), identical ? 0 : 1, "0 ulp, byte-identical when written again");
        assertThat(identical).isTrue();
    }

    @Test
    void rejectsCorruptFilesOrReadsIdenticalWeights() throws Exception {
        Map<String, TensorData> state = new LinkedHashMap<>();
        ModelState.of(Models.create(SMALL, 3, 5)).forEach((name, t) -> {
            if (name.startsWith("stem") || name.startsWith("classifier")) {
                state.put(name, t);
            }
        });
        byte[] whole = written(state);
        Path file = folder.resolve("m.pth");
        KeyedRandom random = KeyedRandom.of(3);
        int rejected = 0;
        int changed = 0;
        long maxAllocated = 0;
        int step = Extent.of(11, 1);
        for (int i = 0; i < 5000; i += step) {
            byte[] mutant;
            if (i % 2 == 0) {
                mutant = whole.clone();
                int bit = random.nextInt(8 * (i % 4 == 0 ? whole.length : 1200)); // half of them in the pickle
                mutant[bit / 8] ^= (byte) (1 << bit % 8);
            } else {
                int cut = i / 2 < 1250 ? i / 2 : whole.length - 1 - (i / 2 - 1250) % Math.min(4096, whole.length);
                mutant = Arrays.copyOf(whole, Math.max(0, cut));
            }
            Files.write(file, mutant);
            long before = Allocation.ofThisThread();
            try {
                changed += PthFile.read(file, "", "").equals(state) ? 0 : 1;
            } catch (CheckpointException e) {
                rejected++;
            }
            maxAllocated = Math.max(maxAllocated, Allocation.ofThisThread() - before);
        }
        Trust.row(
                "C3-pth",
                (5000 + step - 1) / step,
                changed,
                "%d rejected, the others unchanged; %d KiB allocated".formatted(rejected, maxAllocated >> 10));
        assertThat(changed).isZero();
        assertThat(maxAllocated).isLessThan(64L << 20);
        assertThat(rejected).isGreaterThan(4000 / step);
    }

    @Test
    void errorListsKeysOfStateDicts() throws Exception {
        Path checkpoint = Corpora.files("pth-good").stream()
                .filter(file -> file.endsWith("test_data-checkpoint.pt"))
                .findFirst()
                .orElseThrow();
        assertThatThrownBy(() -> PthFile.read(checkpoint, "", ""))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(" is not a tensor; use --key to choose one of: model_state_dict");
        assertThat(PthFile.read(checkpoint, "model_state_dict", "")).isNotEmpty();
        assertThatThrownBy(() -> PthFile.read(checkpoint, "nothing", ""))
                .hasMessageContaining("no entry with key nothing; use --key to choose one of: model_state_dict");
        Map<String, TensorData> stripped = PthFile.read(checkpoint, "model_state_dict", "fc");
        assertThat(stripped.keySet()).noneMatch(name -> name.startsWith("fc"));
    }

    /** Handcrafted pickles as an attacker could put them into data.pkl. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cos\nsystem\n(X\u0002\u0000\u0000\u0000lstR.",
                "cbuiltins\neval\n)R.",
                "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                "cnumpy.core.multiarray\n_reconstruct\n.",
                "}q\u0000h\u0000b.",
                "(((((.",
                "]q\u0000h\u0000a.",
                "i",
                "P1\n."
            })
    void rejectsHostilePickles(String operations) throws Exception {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickle.write(0x80);
        pickle.write(2);
        pickle.writeBytes(operations.getBytes(StandardCharsets.ISO_8859_1));
        ByteBuffer bytes = ByteBuffer.wrap(pickle.toByteArray());
        try {
            assertThat(Pickle.read(bytes, Path.of("x.pth"), "data.pkl").value()).isInstanceOf(Map.class);
        } catch (CheckpointException e) {
            assertThat(e).hasMessageStartingWith("x.pth: not a valid .pth file: data.pkl, byte");
        }
    }

    @Test
    void torchLoadsWrittenFile() throws Exception {
        String python = System.getenv("RESDENSENET_PYTHON");
        assumeTrue(python != null, "skipped: set RESDENSENET_PYTHON to a Python with torch");
        Map<String, TensorData> state = ModelState.of(Models.create(SMALL, 3, 5));
        Path file = folder.resolve("w.pth");
        Files.write(file, written(state));
        String program = "import hashlib,sys,torch\n"
                + "for n,t in torch.load(sys.argv[1],weights_only=True).items():\n"
                + " print(n,hashlib.sha256(t.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()).hexdigest())";
        Process process = new ProcessBuilder(python, "-c", program, file.toString()).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        StringBuilder expected = new StringBuilder();
        for (Map.Entry<String, TensorData> tensor : state.entrySet()) {
            expected.append(tensor.getKey())
                    .append(' ')
                    .append(sha256(tensor.getValue().data()))
                    .append('\n');
        }
        Trust.row("C5-python", state.size(), printed.equals(expected.toString()) ? 0 : 1, "0 ulp");
        assertThat(printed).isEqualTo(expected.toString());
    }
}
