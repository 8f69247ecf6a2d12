package io.github.resdensenet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The POMs have what Maven Central requires of published artifacts. */
class PublishedPomTest {
    private static final Path ROOT = Path.of("..");
    private static final XPath XPATH = XPathFactory.newInstance().newXPath();

    private static Document pom(String module) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(ROOT.resolve(module).resolve("pom.xml").toFile());
    }

    private static List<String> values(Document pom, String path) throws Exception {
        NodeList nodes = (NodeList) XPATH.evaluate(path, pom, XPathConstants.NODESET);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            values.add(nodes.item(i).getTextContent().strip());
        }
        return values;
    }

    private static Set<String> published() throws Exception {
        Set<String> published = new TreeSet<>();
        for (String module : values(pom("."), "/project/modules/module")) {
            if (!values(pom(module), "/project/properties/maven.deploy.skip").contains("true")) {
                published.add(module);
            }
        }
        return published;
    }

    @Test
    void librariesArePublishedAndToolsOfTheBuildAreNot() throws Exception {
        assertThat(published()).containsExactlyInAnyOrder("bom", "proto", "core", "export", "serve", "cli", "spark");
    }

    @Test
    void everyPublishedPomHasANameAndADescription() throws Exception {
        for (String module : published()) {
            Document pom = pom(module);
            assertThat(values(pom, "/project/name")).as(module).hasSize(1).doesNotContain("");
            assertThat(values(pom, "/project/description"))
                    .as(module)
                    .hasSize(1)
                    .doesNotContain("");
        }
    }

    @Test
    void parentAndBomHaveHomeLicenceDevelopersAndSources() throws Exception {
        for (String module : List.of(".", "bom")) {
            for (String element : List.of(
                    "url",
                    "description",
                    "licenses/license/name",
                    "licenses/license/url",
                    "developers/developer/name",
                    "scm/connection",
                    "scm/developerConnection",
                    "scm/url")) {
                assertThat(values(pom(module), "/project/" + element))
                        .as(module + ": " + element)
                        .isNotEmpty()
                        .doesNotContain("");
            }
        }
    }

    @Test
    void versionsAreReleasesAndEqual() throws Exception {
        Set<String> versions = new TreeSet<>(values(pom("."), "/project/version"));
        versions.addAll(values(pom("bom"), "/project/version"));
        for (String module : values(pom("."), "/project/modules/module")) {
            Document pom = pom(module);
            versions.addAll(values(pom, "/project/parent/version"));
            assertThat(values(pom, "//dependency/version[contains(., 'SNAPSHOT')]"))
                    .as(module)
                    .isEmpty();
            assertThat(values(pom, "//systemPath | //repositories | //pluginRepositories"))
                    .as(module)
                    .isEmpty();
        }
        assertThat(versions).hasSize(1);
        assertThat(versions.iterator().next()).matches("\\d+\\.\\d+\\.\\d+");
    }

    @Test
    void theBomHasEveryPublishedLibrary() throws Exception {
        Set<String> artifacts = new TreeSet<>();
        for (String module : published()) {
            if (!module.equals("bom")) {
                artifacts.addAll(values(pom(module), "/project/artifactId"));
            }
        }
        assertThat(values(pom("bom"), "/project/dependencyManagement/dependencies/dependency/artifactId"))
                .containsExactlyInAnyOrderElementsOf(artifacts);
    }

    /** Gradle takes the last profile whose property is absent, whatever the operating system. */
    @Test
    void nativesOfLinuxAreTheLastSoThatGradleTakesThem() throws Exception {
        assertThat(values(pom("."), "/project/profiles/profile[activation/os]/properties/natives"))
                .hasSize(4)
                .endsWith("linux-x86_64");
    }

    @Test
    void guideNamesTheVersionsOfTheNativeLibraries() throws Exception {
        Map<String, String> properties = new HashMap<>();
        for (String name : List.of("javacpp", "openblas", "dnnl", "opencl", "opencv", "pytorch")) {
            properties.put(
                    name,
                    values(pom("."), "/project/properties/" + name + ".version").get(0));
        }
        String guide = Files.readString(ROOT.resolve("docs/guide/java.md"));
        properties.forEach((name, version) -> assertThat(guide)
                .contains("'" + name + ":" + version.replace("${javacpp.version}", properties.get("javacpp")) + "'"));
    }
}
