package io.github.resdensenet.run;

import io.github.resdensenet.checkpoint.CheckpointException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The lock of a run folder, held by one training at a time. The system releases it when the process ends. */
final class RunLock implements Closeable {
    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Acquires the lock.
     *
     * @throws CheckpointException if another process, or another training in this process, holds the lock
     */
    static RunLock take(Run run) throws IOException {
        Path file = run.file(".lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new RunLock(channel);
            }
        } catch (OverlappingFileLockException e) {
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
        channel.close();
    }
}
