package io.github.resdensenet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Checks the dependencies between the packages of core against the table in ARCHITECTURE.md. */
class ArchitectureTest {
    private static final String ROOT = "io.github.resdensenet.";
    /** A row of the table of packages: package, content, what it uses. */
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\|[^|]+\\|([^|]*)\\|");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> location.contains("/core/"))
            .importPackages("io.github.resdensenet");

    /** The packages of core that each package may use, lowest layer first. */
    private static final Map<String, List<String>> ALLOWED = allowed();

    private static Map<String, List<String>> allowed() {
        Map<String, List<String>> allowed = new LinkedHashMap<>();
        try {
            for (String line : Files.readAllLines(Path.of("../ARCHITECTURE.md"))) {
                Matcher row = ROW.matcher(line);
                if (row.matches()) {
                    allowed.put(
                            row.group(1),
                            Stream.of(row.group(2).split(","))
                                    .map(String::strip)
                                    .filter(name -> !name.isEmpty())
                                    .toList());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return allowed;
    }

    @TestFactory
    List<DynamicTest> packagesDependOnlyOnAllowedPackages() {
        return ALLOWED.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    String[] forbidden = ALLOWED.keySet().stream()
                            .filter(other -> !other.equals(entry.getKey()))
                            .filter(other -> !entry.getValue().contains(other))
                            .map(other -> ROOT + other + "..")
                            .toArray(String[]::new);
                    noClasses()
                            .that()
                            .resideInAPackage(ROOT + entry.getKey() + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(forbidden)
                            .check(CLASSES);
                }))
                .toList();
    }

    @Test
    void everyPackageIsListedAndThereAreNoCycles() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        ALLOWED.keySet().stream().map(p -> ROOT + p + "..").toArray(String[]::new))
                .should()
                .resideInAPackage("io.github.resdensenet..")
                .allowEmptyShould(true)
                .check(CLASSES);
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyAllowedPackagesUseLibtorchAndOneDnn() {
        only(
                "org.bytedeco.pytorch..",
                "nn",
                "distributed",
                "engine",
                "optim",
                "train",
                "eval",
                "explain",
                "checkpoint",
                "predict",
                "run",
                "benchmark");
        only("org.bytedeco.dnnl..", "engine");
    }

    private static void only(String library, String... packages) {
        String[] allowed = Arrays.stream(packages).map(p -> ROOT + p + "..").toArray(String[]::new);
        noClasses()
                .that()
                .resideOutsideOfPackages(allowed)
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "data.Batch")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(CLASSES);
    }

    @Test
    void onlyImageDecoderUsesOpenCv() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + "image.ImageDecoder")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.opencv..")
                .check(CLASSES);
    }

    @Test
    void formatsNumbersIndependentlyOfTheLocale() {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .check(CLASSES);
        noClasses() // the SVG writers fill in texts only
                .that()
                .doNotHaveFullyQualifiedName(ROOT + "plot.Svg")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "plot.Chart")
                .should()
                .callMethod(String.class, "formatted", Object[].class)
                .check(CLASSES);
    }

    @Test
    void doesNotUseUnseededRandomnessOrStandardStreams() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .check(CLASSES);
        noClasses().should().callMethod(Math.class, "random").check(CLASSES);
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(CLASSES);
    }
}
