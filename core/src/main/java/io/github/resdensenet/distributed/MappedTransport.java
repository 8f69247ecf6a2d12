package io.github.resdensenet.distributed;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;

/** Carries data through memory that the processes of one machine share. It is many times as fast as sockets. */
final class MappedTransport implements Transport {
    private static final int SMALL = 1 << 17;
    private static final int LARGE = 1 << 20;

    /** As long as the compute threads wait actively: a message ends a phase that all processes compute. */
    private static final Duration SPIN = Duration.ofNanos(300_000);

    private final int rank;
    private final int processes;
    private final MappedChannel small;
    private final MappedChannel large;

    /** Creates or opens two files whose names start with that of {@code file}. */
    MappedTransport(Path file, int rank, int processes, Duration timeout) throws IOException {
        this.rank = rank;
        this.processes = processes;
        small = new MappedChannel(Path.of(file + ".small"), rank, processes, SMALL, SPIN, timeout);
        large = new MappedChannel(Path.of(file + ".large"), rank, processes, LARGE, Duration.ZERO, timeout);
    }

    @Override
    public double[] allGather(double[] message) {
        double[] all = new double[message.length * processes];
        int block = small.capacity() / Double.BYTES;
        for (int from = 0; from < message.length; from += block) {
            int length = Math.min(block, message.length - from);
            new DoublePointer(small.next()).put(message, from, length);
            small.publish();
            for (int i = 0; i < processes; i++) {
                new DoublePointer(small.await(i)).get(all, i * message.length + from, length);
            }
        }
        return all;
    }

    @Override
    public void broadcast(Tensor tensor) {
        long bytes = tensor.nbytes();
        for (long from = 0; from < bytes; from += large.capacity()) {
            long length = Math.min(large.capacity(), bytes - from);
            if (rank == 0) {
                Pointer.memcpy(large.next(), at(tensor, from), length);
            }
            large.publish();
            for (int i = 0; i < processes; i++) { // a slot is filled again after all have read it
                BytePointer block = large.await(i);
                if (i == 0 && rank > 0) {
                    Pointer.memcpy(at(tensor, from), block, length);
                }
            }
        }
    }

    @Override
    public void allGather(Tensor input, Tensor output) {
        long bytes = input.nbytes();
        for (long from = 0; from < bytes; from += large.capacity()) {
            long length = Math.min(large.capacity(), bytes - from);
            Pointer.memcpy(large.next(), at(input, from), length);
            large.publish();
            for (int i = 0; i < processes; i++) {
                BytePointer block = large.await(i);
                Pointer.memcpy(at(output, i * bytes + from), block, length);
            }
        }
    }

    /** Every sender shows its whole input, a block at a time, and the others copy their parts. */
    @Override
    public void allToAll(Tensor input, Tensor output, long part, boolean[] senders) {
        long bytes = part * Float.BYTES;
        for (int receiver = 0; receiver < processes; receiver++) {
            for (long from = 0; from < bytes; from += large.capacity()) {
                long length = Math.min(large.capacity(), bytes - from);
                if (senders[rank]) {
                    Pointer.memcpy(large.next(), at(input, receiver * bytes + from), length);
                }
                large.publish();
                long to = from;
                for (int i = 0; i < processes; i++) {
                    BytePointer block = large.await(i);
                    if (receiver == rank && senders[i]) {
                        Pointer.memcpy(at(output, to), block, length);
                        to += bytes;
                    }
                }
            }
        }
    }

    private static Pointer at(Tensor tensor, long from) {
        return new BytePointer(tensor.data_ptr()).getPointer(BytePointer.class, from);
    }

    @Override
    public void close() {
        // the memory is unmapped when it is collected as garbage, or with the process
    }
}
