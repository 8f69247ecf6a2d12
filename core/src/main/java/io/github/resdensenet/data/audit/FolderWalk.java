package io.github.resdensenet.data.audit;

import io.github.resdensenet.data.ImageFolder;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * All entries below a folder. Links are followed, except links to a parent folder.
 *
 * @param root the folder
 * @param classes names of the class folders
 * @param entries the entries, class by class and in the same order as in training
 */
record FolderWalk(Path root, List<String> classes, List<Entry> entries) {
    /**
     * An entry: a file, or a folder that is not entered.
     *
     * @param file path of the entry
     * @param path path inside the folder, with forward slashes
     * @param className name of the class folder, or "" outside of all class folders
     * @param kind what to do with the entry
     * @param reason why the entry is ignored or rejected; for an image, a remark or ""
     */
    record Entry(Path file, String path, String className, Kind kind, String reason) {}

    /** What to do with an entry. */
    enum Kind {
        IMAGE,
        IGNORED,
        REJECTED
    }

    /** The order of class names and files. */
    Comparator<String> order() {
        return ImageFolder.BY_CODE_POINT;
    }

    static FolderWalk of(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            throw Files.exists(root)
                    ? new IOException(root + ": not a folder")
                    : new NoSuchFileException(root.toString(), null, "no such folder");
        }
        Set<String> classes = new TreeSet<>(ImageFolder.BY_CODE_POINT);
        List<Entry> entries = new ArrayList<>();
        Walker walker = new Walker(root, entries);
        for (Path entry : walker.list(root, "")) {
            String name = name(entry);
            if (Files.isDirectory(entry) && !name.startsWith(".")) {
                classes.add(name);
                walker.folder(entry, name, name);
            } else {
                walker.add(entry, name, "", Kind.IGNORED, name.startsWith(".") ? "hidden" : "not in a class folder");
            }
        }
        return new FolderWalk(root, List.copyOf(classes), List.copyOf(entries));
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    /** Walks through folders and keeps track of the folders that it is in. */
    private static final class Walker {
        private final Path root;
        private final List<Entry> entries;
        private final Set<Path> open = new HashSet<>();

        Walker(Path root, List<Entry> entries) throws IOException {
            this.root = root.toRealPath();
            this.entries = entries;
            open.add(this.root);
        }

        void add(Path file, String path, String className, Kind kind, String reason) {
            entries.add(new Entry(file, path, className, kind, reason));
        }

        /** The entries of a folder, sorted. A folder without read permission becomes an entry itself. */
        List<Path> list(Path folder, String path) throws IOException {
            try (Stream<Path> found = Files.list(folder)) {
                return found.sorted(Comparator.comparing(FolderWalk::name, ImageFolder.BY_CODE_POINT))
                        .toList();
            } catch (AccessDeniedException e) {
                if (path.isEmpty()) {
                    throw e;
                }
                add(folder, path, path.split("/", 2)[0], Kind.REJECTED, "folder without read permission");
                return List.of();
            }
        }

        void folder(Path folder, String path, String className) throws IOException {
            Path real = folder.toRealPath();
            if (!open.add(real)) {
                add(folder, path, className, Kind.REJECTED, "link to a parent folder");
                return;
            }
            List<Path> inside = list(folder, path);
            for (Path entry : inside) {
                if (!Files.isDirectory(entry)) {
                    file(entry, path + "/" + name(entry), className);
                }
            }
            for (Path entry : inside) {
                if (Files.isDirectory(entry)) {
                    folder(entry, path + "/" + name(entry), className);
                }
            }
            open.remove(real);
        }

        private void file(Path file, String path, String className) {
            String name = name(file);
            boolean link = Files.isSymbolicLink(file);
            if (link && !Files.exists(file)) {
                add(file, path, className, Kind.IGNORED, "broken link");
            } else if (!Files.isRegularFile(file)) {
                add(file, path, className, Kind.IGNORED, "not a regular file (pipe, socket or device)");
            } else if (!ImageFolder.isImage(file)) {
                String reason = name.startsWith(".") ? "hidden" : "no image file extension";
                add(file, path, className, Kind.IGNORED, reason);
            } else if (name.indexOf('\uFFFD') >= 0) {
                add(file, path, className, Kind.REJECTED, "file name is not valid UTF-8");
            } else {
                add(file, path, className, Kind.IMAGE, leadsOut(file) ? "link to a file outside the folder" : "");
            }
        }

        private boolean leadsOut(Path file) {
            try {
                return !file.toRealPath().startsWith(root);
            } catch (IOException e) {
                return false;
            }
        }
    }
}
