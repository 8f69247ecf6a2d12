package io.github.resdensenet.data;

import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.LockFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The built-in data set fashion3: 1,661 grey-scale images of 28 x 28 pixels in three classes.
 *
 * <p>A subset of the training images of Fashion-MNIST (Zalando SE, 2017, MIT licence).
 */
public final class BuiltInData {
    /** The name of the data set, accepted in place of a folder. */
    public static final String FASHION3 = "fashion3";

    private static final int FILES = 1661;

    private BuiltInData() {}

    /** Resolves a {@code --data} value: the folder of the unpacked data set, or the path itself. */
    public static Path resolve(String data) throws IOException {
        return data.equals(FASHION3) ? fashion3(cacheFolder()) : Path.of(data);
    }

    /** The folder for unpacked files: RESDENSENET_CACHE, otherwise the user's cache folder on this system. */
    public static Path cacheFolder() {
        String own = System.getenv("RESDENSENET_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own);
        }
        String home = System.getProperty("user.home");
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String xdg = System.getenv("XDG_CACHE_HOME");
        String local = System.getenv("LOCALAPPDATA");
        Path base = os.contains("mac")
                ? Path.of(home, "Library", "Caches")
                : os.contains("windows") && local != null
                        ? Path.of(local)
                        : xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(home, ".cache");
        return base.resolve("resdensenet");
    }

    /** Unpacks the data set below a cache folder, unless all its images exist already. */
    static Path fashion3(Path cache) throws IOException {
        Path target = cache.resolve(FASHION3);
        if (countImages(target) == FILES) {
            return target;
        }
        Files.createDirectories(cache);
        try (LockFile unused = LockFile.take(cache.resolve("." + FASHION3 + ".lock"))) {
            if (countImages(target) != FILES) { // otherwise another process has unpacked them in the meantime
                replace(target);
            }
        }
        return target;
    }

    private static void replace(Path target) throws IOException {
        Path fresh = Files.createTempDirectory(target.resolveSibling("."), FASHION3 + "-");
        try {
            unpack(fresh, file -> true);
            AtomicFiles.deleteTree(target);
            Files.move(fresh.resolve(FASHION3), target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            AtomicFiles.deleteTree(fresh);
        }
    }

    /**
     * Writes the first images of each class into a new folder, one folder per class.
     *
     * @param perClass number of images per class
     */
    public static void writeSamples(Path folder, int perClass) throws IOException {
        Map<Path, Integer> written = new HashMap<>();
        unpack(folder, file -> written.merge(file.getParent(), 1, Integer::sum) <= perClass);
    }

    private static void unpack(Path folder, Predicate<Path> wanted) throws IOException {
        try (InputStream resource = BuiltInData.class.getResourceAsStream(FASHION3 + ".zip")) {
            if (resource == null) {
                throw new IOException(FASHION3 + ".zip: the built-in data set is missing from this build");
            }
            ZipInputStream zip = new ZipInputStream(resource);
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                if (!entry.isDirectory() && wanted.test(file)) {
                    Files.createDirectories(file.getParent());
                    Files.copy(zip, file);
                }
            }
        }
    }

    private static long countImages(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            // a power failure can leave empty files
            return files.filter(
                            file -> ImageFolder.isImage(file) && file.toFile().length() > 0)
                    .count();
        }
    }
}
