package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.github.resdensenet.testkit.Allocation;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.Messages;
import io.github.resdensenet.testkit.Trust;
import io.github.resdensenet.transforms.Normalize;
import io.github.resdensenet.transforms.Preprocessing;
import io.github.resdensenet.util.KeyedRandom;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recipes and manifests that are odd, damaged, or small but costly to read. */
class HostileTextTest {
    private static final int FILES = Extent.of(240, 2000);
    private static final long MAX_ALLOCATION = 64L << 20;

    /** Far above the time that any of these files needs, so that only an endless or exponential walk exceeds it. */
    private static final Duration HANG = Duration.ofSeconds(60);

    private static final String[] VALUES = {
        "1e999999999",
        "-1e400",
        ".inf",
        "-.Inf",
        ".nan",
        "0x7fffffffffffffff",
        "9223372036854775808",
        "0b1",
        "1_000",
        "12e3e4",
        "yes",
        "~",
        "null",
        "''",
        "\"\\u0000\"",
        "\"\\x1b[31m\"",
        "!!binary aGVsbG8=",
        "!!float 1",
        "!!set {a}",
        "!!java.net.URL [x]",
        "!!python/object/apply:os.system [id]",
        "2026-11-26",
        "{}",
        "[]",
        "[[[]]]",
        "[1, 2.5]",
        "[1, a]",
        "&x 3",
        "*missing",
        "<<",
        "|",
        ">",
        "@",
        "`",
        "%",
        "- 1",
        "\"\\q\"",
        "'",
        "\t",
        "?",
        ": :",
        "夜",
        "\u202e1",
        "-0",
        "+5",
        "0777",
        "1.",
        ".5",
        "0",
        "-1",
        "4096000000000",
        "1000000"
    };

    private static final String[] KEYS = {
        "model.name",
        "model.blockConfig",
        "model.growthRate",
        "model.bnSize",
        "model.fusion",
        "data.imageSize",
        "data.batchSize",
        "data.split",
        "data.split.val",
        "data.folder",
        "data.onBad",
        "augment",
        "augment.brightness",
        "train.lr",
        "train.epochs",
        "train.seed",
        "train.engine",
        "train.labelSmoothing",
        "train.threads",
        "x",
        "",
        "<<"
    };

    @TempDir
    private Path folder;

    /** Seconds of the file that took longest. */
    private double slowest;

    private record Odd(String name, byte[] content) {}

    private static Odd odd(String name, String text) {
        return odd(name, text, StandardCharsets.UTF_8);
    }

    private static Odd odd(String name, String text, Charset charset) {
        return new Odd(name, text.getBytes(charset));
    }

    private static String defaults() throws IOException {
        try (InputStream in = Recipe.class.getResourceAsStream("default.yaml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A recipe that sets one key, with one level of mappings per name. */
    private static String setting(String key, String value) {
        String[] names = key.split("\\.", -1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < names.length; i++) {
            text.append("  ".repeat(i)).append(names[i]).append(i < names.length - 1 ? ":\n" : ": " + value + "\n");
        }
        return text.toString();
    }

    /** Lists of anchors, each of which refers {@code twice} times to the one before: 2^levels values if expanded. */
    private static String laughs(int levels, int twice, boolean flow) {
        StringBuilder text = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i <= levels; i++) {
            String alias = "*a" + (i - 1);
            String values = String.join(", ", Collections.nCopies(twice, alias));
            text.append("a%d: &a%d ".formatted(i, i))
                    .append(flow ? "[" + values + "]" : "{p: " + alias + ", q: " + alias + "}");
            text.append('\n');
        }
        return text.toString();
    }

    private static String random(KeyedRandom random, String alphabet, int length) {
        return IntStream.range(0, length)
                .mapToObj(i -> String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))))
                .collect(Collectors.joining());
    }

    private static byte[] damaged(String text, KeyedRandom random) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(3) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    private static Odd recipe(int i, KeyedRandom random) throws IOException {
        int size = 1 << random.nextInt(16);
        return switch (i % 20) {
            case 0 -> odd("laughs", laughs(random.nextInt(60), 2 + random.nextInt(8), random.nextInt(2) == 0));
            case 1 -> odd("cycle", "a: &a [*a, *a]\nb: &b {c: *b}\n");
            case 2 -> odd("deep flow", "train: " + "[".repeat(size) + "]".repeat(random.nextInt(2) * size));
            case 3 -> odd("deep mappings", "{a: ".repeat(size));
            case 4 ->
                odd(
                        "deep block",
                        IntStream.range(0, Math.min(size, 300))
                                .mapToObj(n -> " ".repeat(n) + "a:\n")
                                .collect(Collectors.joining()));
            case 5 -> odd("long key", "k".repeat(size) + ": 1\n");
            case 6 -> odd("long number", setting("train.lr", "1" + "0".repeat(size)));
            case 7 -> odd("long list", setting("model.blockConfig", "[" + "1, ".repeat(Math.min(size, 20_000)) + "1]"));
            case 8 ->
                odd("UTF-16", defaults(), random.nextInt(2) == 0 ? StandardCharsets.UTF_16 : StandardCharsets.UTF_16LE);
            case 9 -> odd("byte order mark", "\uFEFF" + setting("train.epochs", "0"));
            case 10 -> odd("random text", random(random, "{}[],:&*!|>'\"%@` \n\t-#ab1.?~<=", 1 + random.nextInt(200)));
            case 11 ->
                new Odd(
                        "random bytes",
                        random(random, "\0\u0001\u0080\u00ff\u00d8PNG\r\n\u001a", 1 + random.nextInt(300))
                                .getBytes(StandardCharsets.ISO_8859_1));
            case 12 -> new Odd("damaged", damaged(defaults(), random));
            case 13 -> odd("twice", defaults() + setting(KEYS[random.nextInt(KEYS.length)], "1"));
            case 14 -> odd("documents", "---\n".repeat(1 + random.nextInt(5)) + defaults() + "...\n---\n{}\n");
            case 15 -> odd("comment", "#".repeat(size));
            case 16 -> odd("merge key", "x: &x {lr: 1}\ntrain:\n  <<: *x\n  epochs: 1\n");
            case 17 ->
                odd(
                        "directives",
                        "%YAML " + random.nextInt(9) + "." + random.nextInt(9)
                                + "\n%TAG ! tag:x,2000:\n--- !x\ntrain: {}\n");
            default -> odd("value", setting(KEYS[random.nextInt(KEYS.length)], VALUES[random.nextInt(VALUES.length)]));
        };
    }

    private static Odd manifest(int i, String whole, KeyedRandom random) {
        int size = 1 << random.nextInt(18);
        return switch (i % 9) {
            case 0 -> odd("deep arrays", "[".repeat(size));
            case 1 -> odd("deep objects", "{\"model\":".repeat(size));
            case 2 -> odd("long number", "{\"formatVersion\": " + "9".repeat(size) + "}");
            case 3 -> odd("exponent", whole.replaceFirst("\"temperature\" : [\\d.]+", "\"temperature\" : 1e" + size));
            case 4 -> odd("long string", "{\"sha256\": \"" + "x".repeat(size) + "\"}");
            case 5 ->
                odd(
                        "many keys",
                        IntStream.range(0, size / 8)
                                .mapToObj(n -> "\"k" + n + "\":" + n)
                                .collect(Collectors.joining(",", "{", "}")));
            case 6 ->
                odd(
                        "version",
                        whole.replaceFirst("\"formatVersion\" : 1", "\"formatVersion\" : " + (random.nextInt(9) - 4)));
            case 7 -> odd("twice", whole.replaceFirst("\\{", "{\"classes\": [\"\\u001b[31m\"],"));
            default -> new Odd("damaged", damaged(whole, random));
        };
    }

    private interface Reader {
        void read(Path file) throws IOException;
    }

    private List<String> faults(Odd odd, Reader reader) {
        return assertTimeoutPreemptively(HANG, () -> {
            Path file = folder.resolve("odd.txt");
            Files.write(file, odd.content());
            List<String> faults = new ArrayList<>();
            long before = Allocation.ofThisThread();
            long begun = System.nanoTime();
            try {
                reader.read(file);
            } catch (IllegalArgumentException | IOException e) {
                Messages.fault(e.getMessage(), file.toString()).ifPresent(faults::add);
                if (!String.valueOf(e.getMessage()).startsWith(file + ": ")) {
                    faults.add("no path: " + e.getMessage());
                }
            } catch (RuntimeException | StackOverflowError e) {
                faults.add(e.toString());
            }
            slowest = Math.max(slowest, (System.nanoTime() - begun) / 1e9);
            if (Allocation.ofThisThread() - before > MAX_ALLOCATION) {
                faults.add((Allocation.ofThisThread() - before) + " bytes allocated");
            }
            return faults.stream().map(fault -> odd.name() + ": " + fault).toList();
        });
    }

    @Test
    void recipesAreReadOrRejectedInOneLine() throws Exception {
        List<String> faults = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            faults.addAll(faults(recipe(i, KeyedRandom.of(11, i)), Recipe::read));
        }
        Trust.row("D4-recipes", FILES, faults.size(), "slowest %.2f s".formatted(slowest));
        assertThat(faults).isEmpty();
    }

    @Test
    void manifestsAreReadOrRejectedInOneLine() throws Exception {
        Recipe recipe = Recipe.defaults();
        String whole = new Manifest(
                        recipe.model(),
                        List.of("a", "b"),
                        new Preprocessing(recipe.data().imageSize(), Normalize.IMAGENET),
                        "photos",
                        recipe.toYaml(),
                        "",
                        Manifest.Progress.start(recipe.train()),
                        List.of(),
                        Map.of("os", "Linux"))
                .text(Map.of());
        List<String> faults = new ArrayList<>(faults(odd("whole", whole), Manifest::read));
        for (int i = 0; i < FILES; i++) {
            faults.addAll(faults(manifest(i, whole, KeyedRandom.of(12, i)), Manifest::read));
        }
        Trust.row("D4-manifests", FILES, faults.size(), "slowest %.2f s".formatted(slowest));
        assertThat(faults).isEmpty();
    }
}
