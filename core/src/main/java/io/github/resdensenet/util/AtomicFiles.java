package io.github.resdensenet.util;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** Writes files atomically: after a crash or power failure, a file has its complete old or its complete new content. */
public final class AtomicFiles {
    private static final AtomicLong NUMBER = new AtomicLong();

    private AtomicFiles() {}

    /** Writes the content of a file. */
    public interface Content {
        /** Writes the complete content. */
        void writeTo(OutputStream out) throws IOException;
    }

    /** Examines a written file before it replaces the old one. */
    public interface Check {
        /**
         * Examines the file.
         *
         * @throws IOException if the file must not be published
         */
        void check(Path temporary) throws IOException;
    }

    /**
     * Replaces a file atomically: writes a temporary file next to it, forces that file to disk and renames it. A link
     * stays, and the file to which it points is replaced. Devices and pipes are written to directly.
     */
    public static void write(Path file, Content content) throws IOException {
        if (isSpecial(file)) {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.WRITE))) {
                content.writeTo(out);
            }
        } else {
            replace(file, content, temporary -> {});
        }
    }

    /**
     * Replaces a file atomically if the written file passes a check; otherwise the old file stays. The check may take
     * long; another process can write the same file meanwhile.
     */
    public static void write(Path file, Content content, Check check) throws IOException {
        if (isSpecial(file)) {
            throw new IOException(file + ": must be a file or a new path");
        }
        replace(file, content, check);
    }

    /** Checks that the folder of a new file or folder exists, before work whose result goes there. */
    public static void requireParent(Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            throw new IOException(path + ": the folder " + parent + " does not exist");
        }
    }

    /** Whether a path is a device or a pipe. */
    private static boolean isSpecial(Path file) {
        return Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
    }

    private static void replace(Path link, Content content, Check check) throws IOException {
        if (Files.isDirectory(link)) {
            throw new IOException(link + ": is a folder, must be a file");
        }
        Path file = Files.isSymbolicLink(link) && Files.exists(link) ? link.toRealPath() : link;
        requireParent(file);
        Path temporary = ownSibling(file);
        try {
            force(temporary, content);
            check.check(temporary);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw named(e, temporary, file);
        } finally {
            Files.deleteIfExists(temporary);
        }
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            forceFolder(parent);
        }
    }

    /** A hidden path next to another one that no other thread and process uses. Nothing exists there. */
    private static Path ownSibling(Path path) throws IOException {
        String prefix = "." + path.getFileName() + ".new-";
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null) {
            deleteLeftBehind(parent, prefix);
        }
        Path own = path.resolveSibling(prefix + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet());
        deleteTree(own); // in a container, an earlier process may have had the same number
        return own;
    }

    /** Deletes what killed processes have left, if it can be deleted. */
    private static void deleteLeftBehind(Path folder, String prefix) {
        try (Stream<Path> siblings = Files.list(folder)) {
            for (Path sibling : siblings.toList()) {
                String name = String.valueOf(sibling.getFileName());
                if (name.startsWith(prefix) && !isOfRunningProcess(name.substring(prefix.length()))) {
                    deleteTree(sibling);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            return;
        }
    }

    private static boolean isOfRunningProcess(String suffix) {
        try {
            long pid = Long.parseLong(suffix.replaceFirst("-\\d+$", ""));
            return ProcessHandle.of(pid).isPresent();
        } catch (NumberFormatException e) {
            return true; // not a name of ours
        }
    }

    /** Replaces a file atomically with text in UTF-8. */
    public static void write(Path file, String text) throws IOException {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Replaces a file atomically with bytes. */
    public static void write(Path file, byte[] content) throws IOException {
        write(file, out -> out.write(content));
    }

    /**
     * Creates or overwrites a file and forces it to disk. This is not atomic.
     *
     * @throws IOException if writing fails; the message names the file
     */
    public static void force(Path file, Content content) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
            content.writeTo(out);
            out.flush();
            channel.force(true);
        } catch (AccessDeniedException e) {
            throw new AccessDeniedException(file.toString());
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            throw new FileSystemException(file.toString(), null, e.getReason());
        } catch (IOException e) { // for example a full disk, where the message does not name the file
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Writes the files of a new folder. */
    public interface FolderContent {
        /** Writes all files into an existing or new folder. */
        void writeTo(Path folder) throws IOException;
    }

    /**
     * Creates a folder atomically: writes its files to a temporary folder next to it and renames that folder. The content
     * must force its files to disk, as {@link #write} does.
     *
     * @param folder the folder to create; its parent must exist, and the folder must not
     */
    public static void createFolder(Path folder, FolderContent content) throws IOException {
        Path temporary = ownSibling(folder);
        try {
            content.writeTo(temporary);
            moveToNew(temporary, folder);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            throw named(e, temporary, folder);
        } finally {
            deleteTree(temporary);
        }
        Path parent = folder.toAbsolutePath().getParent();
        if (parent != null) {
            forceFolder(parent);
        }
    }

    private static void moveToNew(Path temporary, Path folder) throws IOException {
        try {
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (Files.exists(folder)) { // created meanwhile
                throw new FileAlreadyExistsException(folder.toString(), null, "already exists");
            }
            throw e;
        }
    }

    /** The error with the final path in place of a temporary one, which no longer exists when the user reads it. */
    private static IOException named(IOException error, Path temporary, Path path) {
        String message = String.valueOf(error.getMessage());
        if (error instanceof FileSystemException e && e.getFile() != null) {
            String file = e.getFile().replace(temporary.toString(), path.toString());
            return error instanceof AccessDeniedException
                    ? new AccessDeniedException(file, null, e.getReason())
                    : error instanceof NoSuchFileException
                            ? new NoSuchFileException(file, null, e.getReason())
                            : new FileSystemException(file, null, e.getReason());
        }
        return message.contains(temporary.toString())
                ? new IOException(message.replace(temporary.toString(), path.toString()), error)
                : error;
    }

    /** Deletes a file, or a folder with its content. Does not follow links. Does nothing if the path does not exist. */
    public static void deleteTree(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Forces the entries of a folder to disk. Errors are ignored: Windows and some file systems cannot do this. */
    public static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder)) {
            channel.force(true);
        } catch (IOException e) {
            return;
        }
    }
}
