package io.github.resdensenet.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The sample set that comes with the program: fashion3, 1,661 grey pictures of 28 x 28 pixels in three classes.
 *
 * <p>A subset of the training images of Fashion-MNIST (Zalando SE, 2017, MIT licence).
 */
public final class BuiltInData {
    /** The name that stands for the set where a folder is expected. */
    public static final String FASHION3 = "fashion3";

    private static final int FILES = 1661;

    private BuiltInData() {}

    /** The folder for a {@code --data} value: the unpacked sample set, or the path itself. */
    public static Path resolve(String data) throws IOException {
        return data.equals(FASHION3) ? fashion3(cacheFolder()) : Path.of(data);
    }

    /** Where the program keeps what it unpacks: RESDENSENET_CACHE, else the system's cache folder for the user. */
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

    /** Unpacks the sample set below a folder, unless it is there whole already. */
    static Path fashion3(Path cache) throws IOException {
        Path target = cache.resolve(FASHION3);
        if (pictures(target) == FILES) {
            return target;
        }
        Files.createDirectories(cache);
        Path fresh = Files.createTempDirectory(cache, FASHION3 + "-");
        unpack(fresh);
        delete(target);
        try {
            Files.move(fresh.resolve(FASHION3), target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // Another process may have put the same files there in the meantime.
            if (pictures(target) != FILES) {
                throw e;
            }
        } finally {
            delete(fresh);
        }
        return target;
    }

    private static void unpack(Path folder) throws IOException {
        try (InputStream resource = BuiltInData.class.getResourceAsStream(FASHION3 + ".zip")) {
            if (resource == null) {
                throw new IOException("the sample set is missing from this build: " + FASHION3 + ".zip");
            }
            ZipInputStream zip = new ZipInputStream(resource);
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                if (!entry.isDirectory()) {
                    Files.createDirectories(file.getParent());
                    Files.copy(zip, file);
                }
            }
        }
    }

    private static long pictures(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(ImageFolder::isPicture).count();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                List<Path> deepestFirst =
                        files.sorted(Comparator.reverseOrder()).toList();
                for (Path file : deepestFirst) {
                    Files.delete(file);
                }
            }
        }
    }
}
