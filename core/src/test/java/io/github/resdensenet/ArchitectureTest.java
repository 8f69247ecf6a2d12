package io.github.resdensenet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Checks the dependencies between the packages of core against the table in ARCHITECTURE.md. */
class ArchitectureTest {
    private static final String ROOT = "io.github.resdensenet.";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> location.contains("/core/"))
            .importPackages("io.github.resdensenet");

    /** The packages of core that each package may use, lowest layer first. */
    private static final Map<String, List<String>> ALLOWED = new LinkedHashMap<>();

    static {
        ALLOWED.put("util", List.of());
        ALLOWED.put("distributed", List.of("util"));
        ALLOWED.put("image", List.of("util"));
        ALLOWED.put("plot", List.of("image"));
        ALLOWED.put("nn", List.of("util"));
        ALLOWED.put("transforms", List.of("image", "util"));
        ALLOWED.put("data", List.of("distributed", "image", "transforms", "util"));
        ALLOWED.put("engine", List.of("distributed", "nn", "util"));
        ALLOWED.put("checkpoint", List.of("nn", "util"));
        ALLOWED.put("run", List.of("distributed", "checkpoint", "data", "nn", "transforms", "image", "util"));
        ALLOWED.put("optim", List.of("run", "checkpoint", "nn"));
        ALLOWED.put("eval", List.of("run", "engine", "data", "nn", "transforms", "util"));
        ALLOWED.put("quantize", List.of("eval", "run", "engine", "data", "nn", "transforms", "util"));
        ALLOWED.put("predict", List.of("run", "eval", "engine", "data", "nn", "transforms", "image"));
        ALLOWED.put("explain", List.of("predict", "plot", "nn", "transforms", "data", "image", "util"));
        ALLOWED.put(
                "report",
                List.of("explain", "predict", "eval", "run", "plot", "nn", "data", "transforms", "image", "util"));
        ALLOWED.put(
                "train",
                List.of(
                        "report",
                        "eval",
                        "optim",
                        "run",
                        "checkpoint",
                        "engine",
                        "data",
                        "distributed",
                        "nn",
                        "transforms",
                        "image",
                        "util"));
        ALLOWED.put("benchmark", List.of("distributed", "train", "run", "engine", "data", "nn", "transforms", "util"));
        ALLOWED.put(
                "compare",
                List.of("train", "report", "eval", "run", "checkpoint", "plot", "data", "nn", "transforms", "util"));
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
