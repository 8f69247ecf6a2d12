package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The right to write to a run folder: one process at a time. The system takes it back when the process ends. */
public final class RunLock implements AutoCloseable {
    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @throws CheckpointException if another process, or another training in this one, has it
     */
    public static RunLock take(Run run) throws IOException {
        Path file = run.file(".lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new RunLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw taken(run);
        }
        channel.close();
        throw taken(run);
    }

    private static CheckpointException taken(Run run) {
        return new CheckpointException(run.folder() + ": another process is training in this run folder");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
