package io.github.resdensenet.util;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/**
 * Makes sure that the files of native libraries are complete before a process loads them.
 *
 * <p>JavaCPP unpacks libraries one by one into a folder that all processes share. It loads a library although another
 * process, or a killed one, has written only a part of a library that the first one depends on. The operating system
 * then ends the process. Here the first process unpacks all files of a library while the others wait.
 */
public final class NativeCache {
    private NativeCache() {}

    /**
     * Makes sure that the files of a library are complete. Call it before the first use of the library, for example in
     * the static initialiser of a class that uses it.
     *
     * @param library the class with the library's functions, for example {@code torch.class}
     * @throws LinkageError if the library cannot be loaded
     */
    public static synchronized void prepare(Class<?> library) {
        try {
            Path folder = Loader.getCacheDir().toPath();
            String artifact =
                    library.getPackageName().replace("org.bytedeco.", "").replace(".global", "");
            String name = artifact + "-" + Loader.getVersion("org.bytedeco", artifact, library);
            Path complete = folder.resolve("." + library.getSimpleName() + "-" + name + "-" + Loader.getPlatform());
            if (!Files.exists(complete)) {
                unpack(library, folder, name + "-", complete);
            }
        } catch (IOException e) {
            // no locks, or not writable: JavaCPP uses what is there, or another folder
        }
    }

    private static void unpack(Class<?> library, Path folder, String prefix, Path complete) throws IOException {
        try (LockFile unused = LockFile.take(folder.resolve(".resdensenet.lock"))) {
            if (Files.exists(complete)) {
                return;
            }
            deleteFiles(folder, prefix);
            String path = Loader.load(library);
            if (path != null && Files.exists(Path.of(path))) { // not if it was loaded before
                Files.createFile(complete);
            }
        }
    }

    /** Deletes files of a library, which may be incomplete. */
    private static void deleteFiles(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, prefix + "*")) {
            for (Path unpacked : folders) {
                AtomicFiles.deleteTree(unpacked);
            }
        }
    }
}
