package io.github.resdensenet.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExampleTest {
    @Test
    void readmeContainsCompiledExamples() throws Exception {
        String code = Files.readString(Path.of("src/test/java/io/github/resdensenet/example/Example.java"));
        String readme = Files.readString(Path.of("../README.md")).replaceAll("\\s+", " ");
        for (String from : new String[] {"Run run = Trainer", "try (Classifier"}) {
            String part = code.substring(code.indexOf(from));
            String quoted = part.substring(
                    0, part.indexOf(from.startsWith("Run") ? "\n" : "\n        }") + (from.startsWith("Run") ? 0 : 10));
            assertThat(readme).contains(quoted.replaceAll("\\s+", " ").strip());
        }
    }
}
