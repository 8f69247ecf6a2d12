package io.github.resdensenet.data;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * All entries below an image folder, for training and for its check. Links are followed, but each folder is entered
 * only once.
 *
 * @param root the folder
 * @param classes names of the class folders
 * @param entries the entries, class by class and in the same order as in training
 */
public record FolderWalk(Path root, List<String> classes, List<Entry> entries) {
    /** torchvision's order: class by class, the folders of a class by path, and the files of a folder by name. */
    private static final Comparator<Entry> ORDER = Comparator.comparing(Entry::className, ImageFolder.BY_CODE_POINT)
            .thenComparing(entry -> String.valueOf(entry.file().getParent()), ImageFolder.BY_CODE_POINT)
            .thenComparing(entry -> name(entry.file()), ImageFolder.BY_CODE_POINT);

    /**
     * An entry: a file, or a folder that is not entered.
     *
     * @param file path of the entry
     * @param path path inside the folder, with forward slashes
     * @param className name of the class folder, or "" outside of all class folders
     * @param kind what to do with the entry
     * @param reason why the entry is ignored or rejected; for an image, a remark or ""
     */
    public record Entry(Path file, String path, String className, Kind kind, String reason) {}

    /** What to do with an entry. */
    public enum Kind {
        /** A file with the extension of an image. */
        IMAGE,
        /** Not an image. */
        IGNORED,
        /** Has the extension of an image or is a folder, and cannot be read. */
        REJECTED
    }

    /** Copies the lists. */
    public FolderWalk {
        classes = List.copyOf(classes);
        entries = List.copyOf(entries);
    }

    /**
     * Lists an image folder with a subfolder per class.
     *
     * @throws IOException if it does not exist, or cannot be read
     */
    public static FolderWalk of(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            throw Files.exists(root)
                    ? new IOException(root + ": not a folder")
                    : new NoSuchFileException(root.toString(), null, "no such folder");
        }
        Set<String> classes = new TreeSet<>(ImageFolder.BY_CODE_POINT);
        List<Entry> entries = new ArrayList<>();
        Walker walker = new Walker(root, entries);
        for (Path entry : walker.list(root, "", "")) {
            String name = name(entry);
            if (Files.isDirectory(entry) && !name.startsWith(".")) {
                classes.add(name);
                walker.folder(entry, name, name);
            } else {
                walker.add(entry, name, "", Kind.IGNORED, name.startsWith(".") ? "hidden" : "not in a class folder");
            }
        }
        walker.followLinks();
        entries.sort(ORDER);
        return new FolderWalk(root, List.copyOf(classes), entries);
    }

    /** Lists a folder and its subfolders without regard to classes. */
    static List<Entry> below(Path folder) throws IOException {
        List<Entry> entries = new ArrayList<>();
        Walker walker = new Walker(folder, entries);
        walker.inside(folder, "", "", false);
        walker.followLinks();
        entries.sort(ORDER);
        return entries;
    }

    /** The images, and what could be an image but cannot be read. */
    static Stream<Entry> images(List<Entry> entries) {
        return entries.stream().filter(entry -> entry.kind() != Kind.IGNORED);
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    /** Walks through folders and keeps track of those that it has entered. */
    private static final class Walker {
        private final Path root;
        private final List<Entry> entries;
        private final Set<Path> entered = new HashSet<>();
        private final Deque<Entry> links = new ArrayDeque<>();

        Walker(Path root, List<Entry> entries) throws IOException {
            this.root = root.toRealPath();
            this.entries = entries;
            entered.add(this.root);
        }

        void add(Path file, String path, String className, Kind kind, String reason) {
            entries.add(new Entry(file, path, className, kind, reason));
        }

        /** The entries of a folder, sorted. A folder without read permission becomes an entry itself. */
        List<Path> list(Path folder, String path, String className) throws IOException {
            try (Stream<Path> found = Files.list(folder)) {
                return found.sorted(Comparator.comparing(FolderWalk::name, ImageFolder.BY_CODE_POINT))
                        .toList();
            } catch (AccessDeniedException e) {
                if (path.isEmpty()) {
                    throw e;
                }
                add(folder, path, className, Kind.REJECTED, "folder without read permission");
                return List.of();
            }
        }

        /** Enters a folder, or remembers a link to one: a folder is listed where it is, not where a link leads to it. */
        void folder(Path folder, String path, String className) throws IOException {
            if (Files.isSymbolicLink(folder)) {
                links.add(new Entry(folder, path, className, Kind.IGNORED, ""));
            } else {
                enter(folder, path, className);
            }
        }

        void followLinks() throws IOException {
            while (!links.isEmpty()) {
                Entry link = links.remove();
                enter(link.file(), link.path(), link.className());
            }
        }

        private void enter(Path folder, String path, String className) throws IOException {
            Path real = folder.toRealPath();
            if (!entered.add(real)) { // several links to one folder could multiply without end
                add(folder, path, className, Kind.REJECTED, "link to a parent folder, or to a folder listed before");
                return;
            }
            inside(folder, path, className, !real.startsWith(root));
        }

        void inside(Path folder, String path, String className, boolean outside) throws IOException {
            List<Path> subfolders = new ArrayList<>();
            for (Path entry : list(folder, path, className)) {
                if (Files.isDirectory(entry)) {
                    subfolders.add(entry);
                } else {
                    file(entry, below(path, entry), className, outside);
                }
            }
            for (Path subfolder : subfolders) {
                folder(subfolder, below(path, subfolder), className);
            }
        }

        private static String below(String path, Path entry) {
            return path.isEmpty() ? name(entry) : path + "/" + name(entry);
        }

        private void file(Path file, String path, String className, boolean outside) {
            String name = name(file);
            boolean link = Files.isSymbolicLink(file);
            if (!ImageFolder.hasExtension(name)) {
                String reason = name.startsWith(".") ? "hidden" : "no image file extension";
                add(file, path, className, Kind.IGNORED, reason);
            } else if (link && !Files.exists(file)) {
                add(file, path, className, Kind.REJECTED, "broken link");
            } else if (!Files.isRegularFile(file)) {
                add(file, path, className, Kind.REJECTED, "not a regular file (pipe, socket or device)");
            } else if (name.indexOf('\uFFFD') >= 0) {
                add(file, path, className, Kind.REJECTED, "file name is not valid UTF-8");
            } else {
                add(
                        file,
                        path,
                        className,
                        Kind.IMAGE,
                        (link ? leadsOut(file) : outside) ? "link to a file outside the folder" : "");
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
