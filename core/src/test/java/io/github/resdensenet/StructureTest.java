package io.github.resdensenet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The size of packages and files in core, printed and kept within bounds. */
class StructureTest {
    private static final Path SOURCES = Path.of("src/main/java/io/github/resdensenet");
    private static final Path ARCHITECTURE = Path.of("../ARCHITECTURE.md");
    private static final Pattern MAIN_PATH =
            Pattern.compile("\\(core/src/main/java/io/github/resdensenet/([\\w/]+\\.java)\\)");
    private static final Pattern OUR_IMPORT =
            Pattern.compile("^import (?:static )?io\\.github\\.resdensenet\\.", Pattern.MULTILINE);

    private static final int MOST_PUBLIC_PERCENT = 40;
    private static final int MOST_IMPORTS = 20;
    private static final int MOST_FILES_IN_TRAIN = 16;
    private static final int MOST_LINES_OF_MAIN_PATH = 900;
    private static final int MEDIAN_LINES_BELOW = 90;

    private static Map<Path, String> files = Map.of();

    @BeforeAll
    static void readSources() throws IOException {
        try (Stream<Path> all = Files.walk(SOURCES)) {
            files = all.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .collect(Collectors.toMap(
                            SOURCES::relativize, StructureTest::read, (a, b) -> a, LinkedHashMap::new));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<Path, String> types() {
        Map<Path, String> types = new LinkedHashMap<>(files);
        types.keySet().removeIf(file -> file.endsWith("package-info.java"));
        return types;
    }

    private static boolean isPublic(Path file, String text) {
        String name = file.getFileName().toString().replace(".java", "");
        return Pattern.compile("^public .*\\b(class|record|interface|enum) " + name + "\\b", Pattern.MULTILINE)
                .matcher(text)
                .find();
    }

    private static void print(String format, Object... values) {
        System.out.printf("structure: " + format + "%n", values);
    }

    @Test
    void fewTypesArePublic() {
        Map<Path, String> types = types();
        long publicTypes = types.entrySet().stream()
                .filter(type -> isPublic(type.getKey(), type.getValue()))
                .count();
        double percent = 100.0 * publicTypes / types.size();
        print(
                "%d of %d types are public (%.1f%%, at most %d%%)",
                publicTypes, types.size(), percent, MOST_PUBLIC_PERCENT);
        assertThat(percent).isLessThanOrEqualTo(MOST_PUBLIC_PERCENT);
    }

    @Test
    void noClassImportsManyOfOurTypes() {
        Map<Path, Long> imports = new LinkedHashMap<>();
        files.forEach((file, text) ->
                imports.put(file, OUR_IMPORT.matcher(text).results().count()));
        Map.Entry<Path, Long> most =
                imports.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
        print("%s imports %d of our types, the most (at most %d)", most.getKey(), most.getValue(), MOST_IMPORTS);
        assertThat(most.getValue()).as(most.getKey().toString()).isLessThanOrEqualTo(MOST_IMPORTS);
    }

    @Test
    void trainIsSmall() {
        Map<String, Long> perPackage = files.keySet().stream()
                .collect(Collectors.groupingBy(
                        file -> file.getParent().toString(), TreeMap::new, Collectors.counting()));
        print("files per package: %s (train at most %d)", perPackage, MOST_FILES_IN_TRAIN);
        assertThat(perPackage.get("train")).isLessThanOrEqualTo(MOST_FILES_IN_TRAIN);
    }

    @Test
    void mainPathIsShort() throws IOException {
        Matcher named = MAIN_PATH.matcher(Files.readString(ARCHITECTURE));
        List<Path> mainPath =
                named.results().map(match -> Path.of(match.group(1))).distinct().toList();
        assertThat(files.keySet()).containsAll(mainPath);
        assertThat(mainPath).hasSizeGreaterThan(8);
        long lines = mainPath.stream().mapToLong(StructureTest::lines).sum();
        print("the main path has %d lines in %d files (at most %d)", lines, mainPath.size(), MOST_LINES_OF_MAIN_PATH);
        assertThat(lines).isLessThanOrEqualTo(MOST_LINES_OF_MAIN_PATH);
    }

    private static long lines(Path file) {
        return files.getOrDefault(file, "").lines().count();
    }

    @Test
    void filesAreShort() {
        long[] lengths = types().keySet().stream()
                .mapToLong(StructureTest::lines)
                .sorted()
                .toArray();
        double median = (lengths[(lengths.length - 1) / 2] + lengths[lengths.length / 2]) / 2.0;
        Path longest = types().keySet().stream()
                .max(Comparator.comparingLong(StructureTest::lines))
                .orElseThrow();
        print(
                "%d lines in all, median file %.1f lines (below %d), the longest is %s with %d",
                Arrays.stream(lengths).sum(), median, MEDIAN_LINES_BELOW, longest, lines(longest));
        assertThat(median).isLessThan(MEDIAN_LINES_BELOW);
    }
}
