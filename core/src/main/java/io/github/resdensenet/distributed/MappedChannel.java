package io.github.resdensenet.distributed;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.BytePointer;

/**
 * Memory in a mapped file through which the processes of one machine exchange blocks of bytes, one block of each process
 * at a time.
 *
 * <p>Each process has two slots, which it fills in turn. It fills a slot again only after all processes have read it: it
 * has seen their next block then.
 */
final class MappedChannel {
    private static final int HEADER = 128; // a cache line and its neighbour
    private static final long PAUSE_NANOS = 20_000;
    private static final VarHandle NUMBER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final int rank;
    private final int capacity;
    private final long spinNanos;
    private final long timeoutNanos;
    private final MappedByteBuffer memory;
    private final BytePointer start;
    private long sent;

    /**
     * Maps the memory.
     *
     * @param capacity largest number of bytes of a block, a multiple of 128
     * @param spin how long a process waits actively
     * @param timeout how long it waits in all
     */
    MappedChannel(Path file, int rank, int processes, int capacity, Duration spin, Duration timeout)
            throws IOException {
        this.rank = rank;
        this.capacity = capacity;
        this.spinNanos = spin.toNanos();
        this.timeoutNanos = timeout.toNanos();
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) processes * slots());
        }
        memory.order(ByteOrder.nativeOrder());
        start = new BytePointer(memory).retainReference();
    }

    private int slots() {
        return HEADER + 2 * capacity;
    }

    int capacity() {
        return capacity;
    }

    /** Where this process writes its next block. */
    BytePointer next() {
        return slot(rank, sent + 1);
    }

    private BytePointer slot(int process, long number) {
        return start.getPointer(BytePointer.class, (long) process * slots() + HEADER + (number % 2) * capacity);
    }

    /** Makes the next block visible to all processes. */
    void publish() {
        sent++;
        NUMBER.setRelease(memory, rank * slots(), sent);
    }

    /** Waits for a process's block with the number of this process's newest, and returns it. */
    BytePointer await(int process) {
        long since = System.nanoTime();
        while ((long) NUMBER.getAcquire(memory, process * slots()) < sent) {
            long waited = System.nanoTime() - since;
            if (waited > timeoutNanos) {
                throw new IllegalStateException("no message from rank " + process);
            } else if (waited < spinNanos) {
                Thread.onSpinWait();
            } else if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException("interrupted while waiting for rank " + process);
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        return slot(process, sent);
    }
}
