package io.github.resdensenet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.resdensenet.testkit.Allocation;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Messages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.util.KeyedRandom;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pickles that are small and valid, but whose content is large, deep, cyclic or costly to walk. */
class HostilePickleTest {
    /** Far above the time that any of these files needs, so that only an endless or exponential walk exceeds it. */
    private static final Duration HANG = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    /** Writes opcodes of protocol 2. */
    private static final class Opcodes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Opcodes() {
            out.write(0x80);
            out.write(2);
        }

        Opcodes op(String codes) {
            out.writeBytes(codes.getBytes(StandardCharsets.ISO_8859_1));
            return this;
        }

        Opcodes int32(int value) {
            for (int shift = 0; shift < 32; shift += 8) {
                out.write(value >>> shift);
            }
            return this;
        }

        Opcodes put(int memo) {
            return op("r").int32(memo);
        }

        Opcodes get(int memo) {
            return op("j").int32(memo);
        }

        Opcodes text(String value) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            op("X").int32(bytes.length);
            out.writeBytes(bytes);
            return this;
        }

        Opcodes integer(int value) {
            return op("J").int32(value);
        }

        /** A float storage of one element with key "0", and a tensor of shape [1] in it. */
        Opcodes tensor() {
            op("ctorch._utils\n_rebuild_tensor_v2\n((")
                    .text("storage")
                    .op("ctorch\nFloatStorage\n")
                    .text("0");
            text("cpu")
                    .integer(1)
                    .op("tQ")
                    .integer(0)
                    .integer(1)
                    .op("\u0085")
                    .integer(1)
                    .op("\u0085\u0089");
            return op("ccollections\nOrderedDict\n)RtR");
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }

    private static byte[] zip(byte[] pickle) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            add(zip, "archive/data.pkl", pickle);
            add(zip, "archive/data/0", new byte[4]);
            add(zip, "archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setSize(content.length);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private static byte[] legacy(byte[] pickle) {
        Opcodes magic = new Opcodes().op("\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(magic.bytes());
        bytes.writeBytes(new Opcodes().integer(1001).op(".").bytes());
        bytes.writeBytes(
                new Opcodes().op("}").text("little_endian").op("\u0088s.").bytes());
        bytes.writeBytes(pickle);
        bytes.writeBytes(new Opcodes().op("].").bytes());
        return bytes.toByteArray();
    }

    /** Reads a file in every way that commands do, and returns the bytes that were allocated on the Java heap. */
    private static long read(Path file) {
        return assertTimeoutPreemptively(HANG, () -> {
            long before = Allocation.ofThisThread();
            for (String key : new String[] {"", "state"}) {
                try {
                    PthFile.read(file, key, "");
                } catch (CheckpointException e) {
                    assertThat(Messages.fault(e.getMessage(), file.toString())).isEmpty();
                }
            }
            try {
                PthFile.readAll(file);
            } catch (CheckpointException e) {
                assertThat(Messages.fault(e.getMessage(), file.toString())).isEmpty();
            }
            return Allocation.ofThisThread() - before;
        });
    }

    private void readEverywhere(byte[] pickle) throws IOException {
        Path file = folder.resolve("w.pth");
        List<byte[]> forms = List.of(zip(pickle), legacy(pickle), pickle);
        for (byte[] bytes : forms.subList(0, pickle.length < 100_000 ? 3 : Extent.of(1, 3))) {
            Files.write(file, bytes);
            assertThat(read(file)).isLessThan(400L << 20);
        }
    }

    /** Nested values that each hold the one before twice: 2 to the power of {@code levels} values in a walk. */
    private static byte[] doubled(String kind, int levels) {
        Opcodes codes = new Opcodes();
        codes.op(kind.equals("tensor") ? "}" : "]");
        if (kind.equals("tensor")) {
            codes.text("w").tensor().op("s");
        }
        codes.put(0);
        for (int i = 1; i <= levels; i++) {
            switch (kind) {
                case "list" -> codes.op("](").get(i - 1).get(i - 1).op("e");
                case "tuple" -> codes.get(i - 1).get(i - 1).op("\u0086");
                case "ordered" ->
                    codes.op("ccollections\nOrderedDict\n](")
                            .text("a")
                            .get(i - 1)
                            .op("\u0086")
                            .text("b")
                            .get(i - 1)
                            .op("\u0086e\u0085R");
                default ->
                    codes.op("}(").text("a").get(i - 1).text("b").get(i - 1).op("u");
            }
            codes.put(i);
        }
        return codes.op(".").bytes();
    }

    @ParameterizedTest
    @CsvSource({"dict, 40", "list, 40", "tuple, 40", "ordered, 40", "tensor, 40", "dict, 90", "list, 5000"})
    void rejectsValuesThatDoubleAtEveryLevel(String kind, int levels) throws IOException {
        byte[] pickle = doubled(kind, levels);
        readEverywhere(pickle);
        Path file = folder.resolve("w.pth");
        Files.write(file, zip(pickle));
        assertThatThrownBy(() -> PthFile.read(file, "", "")).isInstanceOf(CheckpointException.class);
    }

    @Test
    void readsTensorsThatAreShared() throws IOException {
        Opcodes codes = new Opcodes().op("}(").text("w0").tensor().put(0);
        for (int i = 1; i < 1000; i++) {
            codes.text("w" + i).get(0);
        }
        Path file = folder.resolve("w.pth");
        Files.write(file, zip(codes.op("u.").bytes()));
        assertThat(PthFile.read(file, "", "")).hasSize(1000);
    }

    @Test
    void boundsSharedTensorsNamesShapesAndCopies() throws IOException {
        Opcodes shared = new Opcodes().op("}(").text("w").tensor().put(0);
        for (int i = 0; i < 900_000; i++) {
            shared.integer(i).get(0);
        }
        readEverywhere(shared.op("u.").bytes());

        Opcodes names =
                new Opcodes().op("](").text("n".repeat(1 << 20)).put(1).tensor().put(0);
        for (int i = 0; i < 100_000; i++) {
            names.op("}").get(1).get(0).op("s");
        }
        readEverywhere(names.op("e.").bytes());

        Opcodes ordered = new Opcodes().op("](](");
        for (int i = 0; i < 100_000; i++) {
            ordered.integer(i).integer(0).op("\u0086");
        }
        ordered.op("e\u0085").put(0);
        for (int i = 0; i < 100_000; i++) {
            ordered.op("ccollections\nOrderedDict\n").get(0).op("R");
        }
        readEverywhere(ordered.op("e.").bytes());

        Opcodes module =
                new Opcodes().op("](").text("torch." + "a".repeat(1 << 20)).put(0);
        for (int i = 0; i < 100_000; i++) {
            module.get(0).get(0).op("\u0093");
        }
        readEverywhere(module.op("e.").bytes());
    }

    @Test
    void boundsDeepAndWideContainers() throws IOException {
        Opcodes deep = new Opcodes();
        for (int i = 0; i < 300_000; i++) {
            deep.op("](");
        }
        readEverywhere(deep.op("e".repeat(300_000) + ".").bytes());
        readEverywhere(new Opcodes().op("](" + "}".repeat(2_500_000) + "e.").bytes());
        readEverywhere(new Opcodes().op("](" + "N".repeat(2_500_000) + "e.").bytes());
        readEverywhere(
                new Opcodes().op("](" + "}q\u0000".repeat(700_000) + "e.").bytes());
        Opcodes memo = new Opcodes().op("]");
        for (int i = 0; i < 700_000; i++) {
            memo.put(i);
        }
        readEverywhere(memo.op(".").bytes());
        Opcodes strings = new Opcodes().op("](");
        for (int i = 0; i < 12; i++) {
            strings.text("s".repeat(1 << 20));
        }
        readEverywhere(strings.op("e.").bytes());
        readEverywhere(
                new Opcodes().op("}q\u0000(").text("a").get(0).op("uh\u0000b.").bytes()); // cycle and BUILD
        readEverywhere(new Opcodes().op("]q\u0000h\u0000ah\u0000a.").bytes());
        readEverywhere(
                new Opcodes().op("\u008a\u00ff" + "\u007f".repeat(255) + ".").bytes());
    }

    /** Random programs of the opcodes that state dicts use. */
    @Test
    void randomProgramsEndSoon() throws IOException {
        Path file = folder.resolve("w.pth");
        int programs = Extent.of(100, 1000);
        double slowest = 0;
        for (int i = 0; i < programs; i++) {
            KeyedRandom random = KeyedRandom.of(19, i);
            Opcodes codes = new Opcodes().op("](}").put(0);
            int length = 1 + random.nextInt(2000);
            for (int k = 1; k <= length; k++) {
                switch (random.nextInt(9)) {
                    case 0 -> codes.op("}").put(k);
                    case 1 ->
                        codes.op("](")
                                .get(random.nextInt(k))
                                .get(random.nextInt(k))
                                .op("e")
                                .put(k);
                    case 2 ->
                        codes.get(random.nextInt(k))
                                .get(random.nextInt(k))
                                .op("\u0086")
                                .put(k);
                    case 3 ->
                        codes.op("}")
                                .text("k" + k)
                                .get(random.nextInt(k))
                                .op("s")
                                .put(k);
                    case 4 -> codes.tensor().put(k);
                    case 5 -> codes.integer(k).put(k);
                    case 6 -> codes.text("t" + random.nextInt(5)).put(k);
                    case 7 -> codes.op("ccollections\nOrderedDict\n)R").put(k);
                    default ->
                        codes.op("}").text("k").get(random.nextInt(k)).op("s}b").put(k);
                }
            }
            byte[] pickle = codes.op("e.").bytes();
            Files.write(file, i % 3 == 0 ? zip(pickle) : i % 3 == 1 ? legacy(pickle) : pickle);
            long begun = System.nanoTime();
            assertThat(read(file)).isLessThan(100L << 20);
            slowest = Math.max(slowest, (System.nanoTime() - begun) / 1e9);
        }
        Trust.row("C12", programs, 0, "slowest %.2f s".formatted(slowest));
    }

    @Test
    void rejectsKeysThatAreCostlyToCompare() throws IOException {
        Opcodes equal = new Opcodes().op("}(").text("k".repeat(1 << 20)).put(0).integer(0);
        for (int i = 0; i < 490_000; i++) {
            equal.get(0).integer(0);
        }
        rejected(equal.op("u.").bytes(), "a key is longer than 1000 characters");

        // strings and numbers with one hash code, which a hash table cannot order
        Opcodes mixed = new Opcodes().op("}(");
        for (int i = 0; i < 20_000; i++) {
            int hash = ("Aa" + i).hashCode();
            mixed.text("Aa" + i)
                    .integer(0)
                    .text("BB" + i)
                    .integer(0)
                    .integer(hash)
                    .integer(0);
        }
        rejected(mixed.op("u.").bytes(), "keys of different types");
    }

    private void rejected(byte[] pickle, String reason) throws IOException {
        Path file = folder.resolve("w.pth");
        Files.write(file, zip(pickle));
        assertTimeoutPreemptively(
                HANG,
                () -> assertThatThrownBy(() -> PthFile.read(file, "", ""))
                        .isInstanceOf(CheckpointException.class)
                        .hasMessageContaining(reason));
    }

    @Test
    void aFileIsReadOnlySoOften() throws IOException {
        Path file = folder.resolve("w.h5");
        Files.write(file, new byte[4000]);
        try (BoundedChannel channel = new BoundedChannel(file)) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 4_000; i++) {
                            channel.position(0).read(ByteBuffer.allocate(8));
                        }
                    })
                    .hasMessageContaining("too many times");
        }
        try (BoundedChannel channel = new BoundedChannel(file)) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 300; i++) {
                            channel.position(0).read(ByteBuffer.allocate(1 << 20));
                        }
                    })
                    .hasMessageContaining("too many times");
        }
    }
}
