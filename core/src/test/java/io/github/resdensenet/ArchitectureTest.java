package io.github.resdensenet;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The arrows between packages, as ARCHITECTURE.md draws them. */
class ArchitectureTest {
    private static final String ROOT = "io.github.resdensenet.";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> location.contains("/core/"))
            .importPackages("io.github.resdensenet");

    /** What each package may use of ours. */
    private static final Map<String, List<String>> ARROWS = new TreeMap<>(Map.ofEntries(
            Map.entry("nn", List.of()),
            Map.entry("transforms", List.of()),
            Map.entry("report", List.of()),
            Map.entry("data", List.of("transforms")),
            Map.entry("checkpoint", List.of("nn", "transforms")),
            Map.entry("eval", List.of("nn", "engine", "data", "transforms")),
            Map.entry("predict", List.of("checkpoint", "data", "engine", "eval", "nn", "transforms")),
            Map.entry("explain", List.of("nn", "data", "predict", "report", "transforms")),
            Map.entry("engine", List.of("nn")),
            Map.entry(
                    "train",
                    List.of(
                            "nn",
                            "engine",
                            "data",
                            "eval",
                            "checkpoint",
                            "predict",
                            "explain",
                            "report",
                            "transforms")),
            Map.entry("compare", List.of("nn", "data", "eval", "checkpoint", "report", "train"))));

    @TestFactory
    List<DynamicTest> packagesUseOnlyWhatTheirArrowsPointTo() {
        return ARROWS.entrySet().stream()
                .map(arrow -> DynamicTest.dynamicTest(arrow.getKey(), () -> {
                    String[] forbidden = ARROWS.keySet().stream()
                            .filter(other -> !other.equals(arrow.getKey()))
                            .filter(other -> !arrow.getValue().contains(other))
                            .map(other -> ROOT + other + "..")
                            .toArray(String[]::new);
                    noClasses()
                            .that()
                            .resideInAPackage(ROOT + arrow.getKey() + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(forbidden)
                            .check(CLASSES);
                }))
                .toList();
    }

    @Test
    void everyPackageHasItsArrows() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        ARROWS.keySet().stream().map(p -> ROOT + p + "..").toArray(String[]::new))
                .should()
                .resideInAPackage("io.github.resdensenet..")
                .allowEmptyShould(true)
                .check(CLASSES);
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlySomePackagesTouchLibtorch() {
        only("org.bytedeco.pytorch..", "nn", "engine", "train", "eval", "explain", "checkpoint", "predict");
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
    void onlyTheDecoderTouchesOpenCv() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + "data.ImageDecoder")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.opencv..")
                .check(CLASSES);
    }

    @Test
    void randomnessHasAKeyAndNothingPrints() {
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
