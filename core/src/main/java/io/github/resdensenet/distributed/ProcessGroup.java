package io.github.resdensenet.distributed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The processes that train one model together, numbered by rank from 0. They must call the same collective methods in
 * the same order. Arrays and tensors may be on their way at the same time, each in an order of their own.
 *
 * <p>If a process is lost, the others' collective methods throw a {@link LostProcessException} after the timeout at the
 * latest.
 */
public final class ProcessGroup implements AutoCloseable {
    private final int rank;
    private final int size;
    private final @Nullable Transport transport;
    private final @Nullable RollCall roll;
    private volatile boolean failed;
    private volatile boolean stopRequested;
    private volatile boolean stopAgreed;

    private ProcessGroup(int rank, int size, @Nullable Transport transport, @Nullable RollCall roll) {
        this.rank = rank;
        this.size = size;
        this.transport = transport;
        this.roll = roll;
    }

    /** A group of this process alone. */
    public static ProcessGroup single() {
        return new ProcessGroup(0, 1, null, null);
    }

    /** Creates a transport. */
    interface Connection {
        Transport connect() throws IOException;
    }

    /**
     * Connects the processes.
     *
     * @throws LostProcessException if a process does not come
     * @throws IllegalArgumentException if a process has another secret
     */
    static ProcessGroup connect(int rank, int size, RollCall roll, Secret secret, Connection connection)
            throws IOException {
        ProcessGroup group;
        try {
            group = new ProcessGroup(rank, size, connection.connect(), roll);
        } catch (RuntimeException e) {
            LostProcessException lost = roll.lost(e);
            roll.close();
            throw lost;
        }
        try {
            secret.check(rank, size, group::allGather);
            return group;
        } catch (RuntimeException e) {
            group.close();
            throw e;
        }
    }

    /** The number of this process, from 0. */
    public int rank() {
        return rank;
    }

    /** The number of processes. */
    public int size() {
        return size;
    }

    /** How the processes share the shards of a batch. */
    public Sharding sharding(int shards) {
        return new Sharding(shards, rank, size);
    }

    /**
     * Sends an array to every process.
     *
     * @param values as many values on every process
     * @return the values of all processes, in the order of the ranks
     */
    public double[] allGather(double[] values) {
        if (transport == null) {
            stopAgreed = stopRequested;
            return values.clone();
        }
        int length = values.length + 1; // and whether this process asks to stop
        double[] message = Arrays.copyOf(values, length);
        message[values.length] = stopRequested ? 1 : 0;
        double[] messages = run(all -> all.allGather(message));
        double[] all = new double[values.length * size];
        for (int i = 0; i < size; i++) {
            System.arraycopy(messages, i * length, all, i * values.length, values.length);
            stopAgreed |= messages[i * length + values.length] != 0;
        }
        return all;
    }

    /** Sends a float32 tensor to every process; the output receives the tensors of rank 0, 1 and so on. */
    public void allGather(Tensor input, Tensor output) {
        run(all -> {
            all.allGather(input, output);
            return output;
        });
    }

    /**
     * Sends a part of a float32 tensor to each process, and receives a part from each sender.
     *
     * @param input the parts for rank 0, 1 and so on; empty if this process is not a sender
     * @param output receives the parts in the order of the senders
     * @param part length of each part
     * @param senders for each process, whether it sends
     */
    public void allToAll(Tensor input, Tensor output, long part, boolean[] senders) {
        run(all -> {
            all.allToAll(input, output, part, senders);
            return output;
        });
    }

    /** Sends the bytes of rank 0 to every process, and returns them. The other processes' own bytes are ignored. */
    public byte[] broadcast(byte[] bytes) {
        if (size == 1) {
            return bytes;
        }
        int length = (int) allGather(new double[] {bytes.length})[0];
        if (length == 0) {
            return new byte[0];
        }
        try (PointerScope scope = new PointerScope()) {
            BytePointer memory = new BytePointer((long) length);
            if (rank == 0) {
                memory.put(bytes, 0, length);
            }
            Tensor tensor = torch.from_blob(memory, new long[] {length}, torch.dtype(ScalarType.Byte));
            run(all -> {
                all.broadcast(tensor);
                return tensor;
            });
            byte[] result = new byte[length];
            memory.get(result);
            return result;
        }
    }

    /**
     * Waits until every process has called this method with the same name. A process may take any time before, as long
     * as it runs.
     *
     * @param check runs several times a second and may throw, for instance a {@link CancellationException}
     */
    public void barrier(String name, Runnable check) {
        if (roll != null) {
            roll.barrier(name, check);
        }
    }

    /**
     * Checks that all processes have the same value.
     *
     * @param what what it is, for the message
     * @throws UncheckedIOException if they differ, naming the ranks
     */
    public void requireSame(String what, int value) {
        double[] all = allGather(new double[] {value});
        List<Integer> others =
                IntStream.range(0, size).filter(i -> all[i] != all[0]).boxed().toList();
        if (!others.isEmpty()) {
            throw new UncheckedIOException(new IOException(what + " of rank " + others
                    + " differ from those of rank 0; all machines need the same type of processor"));
        }
    }

    /** Asks all processes to stop. May be called from any thread. */
    public void requestStop() {
        stopRequested = true;
    }

    /** Whether this process has been asked to stop. */
    public boolean isStopRequested() {
        return stopRequested;
    }

    /** Whether a process has asked to stop. All processes learn it after the same {@link #allGather(double[])}. */
    public boolean isStopAgreed() {
        return size == 1 ? stopRequested : stopAgreed;
    }

    private <T> T run(Function<Transport, T> collective) {
        if (transport == null || roll == null) {
            throw new IllegalStateException("a group of one process");
        }
        try {
            return collective.apply(transport);
        } catch (RuntimeException e) {
            failed = true;
            throw roll.lost(e);
        }
    }

    /** Ends the connections. After a failure, they remain until this process ends: another thread may still use them. */
    @Override
    public void close() {
        if (transport != null && roll != null) {
            roll.close();
            if (!failed) {
                transport.close();
            }
        }
    }
}
