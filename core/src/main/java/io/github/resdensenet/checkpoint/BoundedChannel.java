package io.github.resdensenet.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/**
 * A file that can be read only so often. In some formats, a small file can send its reader in circles; a limit on the
 * reads ends that, whatever the circle is.
 */
final class BoundedChannel implements SeekableByteChannel {
    private static final int FEW_READS = 2_000;
    private static final int MANY_READS = 500_000;
    /** Every object in an HDF5 file takes some hundred bytes, and a few dozen reads. */
    private static final int BYTES_PER_READ = 4;

    private static final long EXTRA_BYTES = 64 << 20;

    private final FileChannel file;
    private long reads;
    private long bytes;

    BoundedChannel(Path path) throws IOException {
        file = FileChannel.open(path);
        long size = file.size();
        reads = Math.min(MANY_READS, FEW_READS + size / BYTES_PER_READ);
        bytes = 4 * size + EXTRA_BYTES;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        bytes -= into.remaining();
        if (--reads < 0 || bytes < 0) {
            throw new IOException("the content is read too many times");
        }
        int n = 0;
        while (into.hasRemaining()) { // jhdf takes a short read for the end of the file
            int more = file.read(into);
            if (more < 0) {
                return n == 0 ? -1 : n;
            }
            n += more;
        }
        return n;
    }

    @Override
    public int write(ByteBuffer from) {
        throw new NonWritableChannelException();
    }

    @Override
    public long position() throws IOException {
        return file.position();
    }

    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        file.position(newPosition);
        return this;
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return file.isOpen();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
