package io.github.resdensenet.testkit;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Files that nobody here wrote: all of a corpus where -Dcorpora names the folder of them, else the part kept here. */
public final class Corpora {
    private Corpora() {}

    /** Whether whole corpora are read. */
    public static boolean whole() {
        return !System.getProperty("corpora", "").isEmpty();
    }

    /** The files of a corpus, its licence and descriptions left out. */
    public static List<Path> files(String name) throws IOException {
        Path root = root();
        try (Stream<Path> files = Files.walk(root.resolve(name))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> {
                        String own = String.valueOf(file.getFileName());
                        return !own.equals("LICENSE") && !own.contains("README") && !own.endsWith(".json");
                    })
                    .sorted()
                    .toList();
        }
    }

    private static Path root() throws IOException {
        if (whole()) {
            return Path.of(System.getProperty("corpora"));
        }
        URL kept = Corpora.class.getResource("/io/github/resdensenet/corpora");
        if (kept == null) {
            throw new IOException("no corpora among the test resources");
        }
        try {
            return Path.of(kept.toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }
}
