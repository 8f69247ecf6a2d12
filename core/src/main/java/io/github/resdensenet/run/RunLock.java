package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The lock of a run folder, held by one training at a time. The system releases it when the process ends. */
final class RunLock implements Closeable {
    /** The locks of this process. Opening and closing a locked file a second time would release its lock. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final FileChannel channel;
    private final Path key;

    private RunLock(FileChannel channel, Path key) {
        this.channel = channel;
        this.key = key;
    }

    /**
     * Acquires the lock.
     *
     * @throws CheckpointException if another process, or another training in this process, holds the lock
     */
    static RunLock take(Run run) throws IOException {
        Path key = run.folder().toRealPath();
        if (!HELD.add(key)) {
            throw alreadyLocked(run);
        }
        try {
            return new RunLock(lock(run), key);
        } catch (IOException e) {
            HELD.remove(key);
            throw e;
        }
    }

    private static FileChannel lock(Run run) throws IOException {
        Path file = run.file(".lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) { // held by this class in another class loader
            channel.close();
            throw alreadyLocked(run);
        } catch (IOException e) { // for example a network file system without locks
            channel.close();
            throw new IOException(file + ": cannot be locked: " + e.getMessage(), e);
        }
        channel.close();
        throw alreadyLocked(run);
    }

    private static CheckpointException alreadyLocked(Run run) {
        return new CheckpointException(run.folder() + ": another process is training in this run folder");
    }

    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            try {
                channel.close();
            } finally {
                HELD.remove(key);
            }
        }
    }
}
