package io.github.resdensenet.distributed;

import org.bytedeco.pytorch.Tensor;

/**
 * Carries data between the processes of a group. Messages and tensors may be on their way at the same time, each in the
 * same order on all processes.
 */
interface Transport extends AutoCloseable {
    /** Sends a message to every process, and returns the messages of all processes in the order of the ranks. */
    double[] allGather(double[] message);

    /** Sends the tensor of rank 0, of any type, to every process, whose tensor receives it. */
    void broadcast(Tensor tensor);

    /** Sends a float32 tensor to every process; the output receives the tensors of all processes. */
    void allGather(Tensor input, Tensor output);

    /**
     * Sends a part of a float32 tensor to each process, and receives a part from each sender.
     *
     * @param input the parts for rank 0, 1 and so on; empty if this process is not a sender
     * @param output receives the parts in the order of the senders
     * @param part length of each part
     * @param senders for each process, whether it sends
     */
    void allToAll(Tensor input, Tensor output, long part, boolean[] senders);

    @Override
    void close();
}
