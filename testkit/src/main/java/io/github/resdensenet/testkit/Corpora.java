package io.github.resdensenet.testkit;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Third-party test files. By default, tests use the excerpts in the test resources. To use the complete corpora, set
 * {@code -Dcorpora} to their folder.
 */
public final class Corpora {
    private Corpora() {}

    /** Returns whether tests use the complete corpora. */
    public static boolean whole() {
        return !System.getProperty("corpora", "").isEmpty();
    }

    /** Returns the files of a corpus, without its licence, README and JSON files. */
    public static List<Path> files(String name) throws IOException {
        Path root = root();
        try (Stream<Path> files = Files.walk(root.resolve(name))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> {
                        String base = String.valueOf(file.getFileName());
                        return !base.equals("LICENSE") && !base.contains("README") && !base.endsWith(".json");
                    })
                    .sorted()
                    .toList();
        }
    }

    /** Returns all golden files and all files of the corpora. */
    public static List<Path> all() throws IOException {
        List<Path> all = new ArrayList<>(filesBelow(resource("/io/github/resdensenet/golden")));
        all.addAll(filesBelow(root()));
        return all;
    }

    private static List<Path> filesBelow(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".class"))
                    .sorted()
                    .toList();
        }
    }

    private static Path root() throws IOException {
        if (whole()) {
            return Path.of(System.getProperty("corpora"));
        }
        return resource("/io/github/resdensenet/corpora");
    }

    private static Path resource(String name) throws IOException {
        URL url = Corpora.class.getResource(name);
        if (url == null) {
            throw new IOException("missing test resource: " + name);
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }
}
