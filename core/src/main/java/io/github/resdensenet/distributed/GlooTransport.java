package io.github.resdensenet.distributed;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Carries data through libtorch's Gloo. Messages have connections of their own, so that they do not wait for tensors. */
final class GlooTransport implements Transport {
    private final ProcessGroupGloo small;
    private final ProcessGroupGloo large;
    private final Map<Integer, Memory> memories = new HashMap<>();

    /** Memory for messages of one length, and for those of all processes. */
    private record Memory(DoublePointer own, DoublePointer all, Tensor input, Tensor output) {
        Memory(int length, int processes) {
            this(new DoublePointer((long) length), new DoublePointer((long) length * processes));
        }

        private Memory(DoublePointer own, DoublePointer all) {
            this(own.retainReference(), all.retainReference(), tensor(own), tensor(all));
        }

        private static Tensor tensor(DoublePointer memory) {
            return torch.from_blob(memory, new long[] {memory.capacity()}, torch.dtype(ScalarType.Double))
                    .retainReference();
        }
    }

    /**
     * A transport through two groups.
     *
     * @param small for messages
     * @param large for tensors
     */
    GlooTransport(ProcessGroupGloo small, ProcessGroupGloo large) {
        this.small = small;
        this.large = large;
    }

    @Override
    public double[] allGather(double[] message) {
        Memory memory = memories.computeIfAbsent(message.length, length -> new Memory(length, small.getSize()));
        memory.own.put(message);
        try (PointerScope scope = new PointerScope()) {
            small._allgather_base(memory.output, memory.input)._wait();
        }
        double[] all = new double[message.length * small.getSize()];
        memory.all.get(all);
        return all;
    }

    @Override
    public void broadcast(Tensor tensor) {
        try (PointerScope scope = new PointerScope()) {
            large.broadcast(new TensorVector(tensor))._wait();
        }
    }

    @Override
    public void allGather(Tensor input, Tensor output) {
        try (PointerScope scope = new PointerScope()) {
            large._allgather_base(output, input)._wait();
        }
    }

    @Override
    public void allToAll(Tensor input, Tensor output, long part, boolean[] senders) {
        long[] from = new long[senders.length];
        long[] to = new long[senders.length];
        for (int i = 0; i < senders.length; i++) {
            from[i] = senders[large.getRank()] ? part : 0;
            to[i] = senders[i] ? part : 0;
        }
        try (PointerScope scope = new PointerScope()) {
            large.alltoall_base(output, input, new LongVector(to), new LongVector(from))
                    ._wait();
        }
    }

    @Override
    public void close() {
        for (Memory memory : memories.values()) {
            Arrays.asList(memory.input, memory.output, memory.own, memory.all).forEach(Pointer::releaseReference);
        }
        memories.clear();
        small.close();
        large.close();
    }
}
