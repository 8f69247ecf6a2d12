package io.github.resdensenet.engine;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.Program.Address;
import io.github.resdensenet.engine.ShardPlan.ParameterGradient;
import io.github.resdensenet.engine.ShardSum.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Adds up the gradients of all processes during the backward pass. The gradients form slices, in the order in which
 * they are computed. Of each slice, every process adds up one part: it receives this part from the others, and
 * sends them the sum.
 */
final class GradientExchange {
    /** A slice has at least this many values, if enough are left: 1 MiB. */
    static final long SLICE = 1 << 18;

    private static final long ALIGNMENT = 16;

    private final Team team;
    private final ProcessGroup group;
    private final Executor thread;
    private final List<ParameterGradient> gradients;
    private final long[] places;
    private final long[] values;
    private final List<Slice> slices = new ArrayList<>();
    private final List<CompletableFuture<?>> running = new ArrayList<>();
    private final long length;
    private final Address memory;

    /**
     * Consecutive gradients.
     *
     * @param from first value of the slice
     * @param part values that each process adds up
     * @param first first gradient
     * @param last last gradient
     */
    private record Slice(long from, long part, int first, int last) {}

    /**
     * Lays out the memory.
     *
     * @param gradients the gradients in the order in which they are computed
     * @param workspace memory that is used during a pass
     * @param thread runs tasks in order, beside the backward pass
     */
    GradientExchange(Team team, List<ParameterGradient> gradients, Workspace workspace, Executor thread) {
        this.team = team;
        this.group = team.group();
        this.thread = thread;
        this.gradients = List.copyOf(gradients);
        this.places = new long[gradients.size()];
        this.values = gradients.stream()
                .mapToLong(gradient -> gradient.target().form().get_size() / Float.BYTES)
                .toArray();
        long end = 0;
        long from = 0;
        int first = 0;
        for (int i = 0; i < places.length; i++) {
            places[i] = end;
            end = roundedUp(end + values[i], ALIGNMENT);
            boolean last = i == places.length - 1;
            if (last
                    || (end - from >= SLICE
                            && gradients.get(i + 1).segment() > gradients.get(i).segment())) {
                long part = roundedUp(end - from, ALIGNMENT * group.size()) / group.size();
                slices.add(new Slice(from, part, first, i));
                end = from + part * group.size();
                from = end;
                first = i + 1;
            }
        }
        this.length = end;
        long parts = slices.stream().mapToLong(Slice::part).max().orElse(0);
        long total =
                length * (1 + team.ownNodes().size()) + parts * team.positions().size();
        this.memory = new Address(workspace.address(total * Float.BYTES));
    }

    private static long roundedUp(long value, long multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }

    /** Where this process writes its sum of a gradient over one of its nodes. */
    Buffer target(int gradient, int node) {
        return Buffer.at(
                address(length * (1 + node) + places[gradient]),
                gradients.get(gradient).target().form());
    }

    private Address address(long value) {
        return new Address(memory.address() + value * Float.BYTES);
    }

    private Tensor tensor(long from, long count) {
        return torch.from_blob(address(from), new long[] {count});
    }

    /** Starts to add up the slices whose last gradient a segment computes. */
    void send(int segment) {
        for (Slice slice : slices) {
            if (gradients.get(slice.last).segment() == segment) {
                running.add(CompletableFuture.runAsync(() -> sum(slice), thread));
            }
        }
    }

    private void sum(Slice slice) {
        try (PointerScope scope = new PointerScope()) {
            Map<Node, Tensor> parts = receive(slice);
            Tensor sum = ShardSum.ofKnown(
                    new Node(0, team.shards()), node -> Optional.ofNullable(parts.get(node)), Tensor::add_);
            group.allGather(sum, tensor(slice.from, slice.part * group.size()));
            for (int i = slice.first; i <= slice.last; i++) {
                Pointer.memcpy(target(i), address(places[i]), values[i] * Float.BYTES);
            }
        }
    }

    private Pointer target(int gradient) {
        return Objects.requireNonNull(gradients.get(gradient).target().address());
    }

    /** Receives this process's part of a slice from every node. */
    private Map<Node, Tensor> receive(Slice slice) {
        Map<Node, Tensor> parts = new HashMap<>();
        long received = length * (1 + team.ownNodes().size());
        for (int number = 0; number < team.mostNodes(); number++) { // the first node of each process, then the second
            boolean[] senders = new boolean[group.size()];
            long start = received;
            for (int rank = 0; rank < group.size(); rank++) {
                List<Node> nodes = team.nodes(rank);
                if (number < nodes.size()) {
                    senders[rank] = true;
                    parts.put(nodes.get(number), tensor(received, slice.part));
                    received += slice.part;
                }
            }
            group.allToAll(
                    tensor(length * (1 + number) + slice.from, senders[group.rank()] ? slice.part * group.size() : 0),
                    tensor(start, received - start),
                    slice.part,
                    senders);
        }
        return parts;
    }

    /** Waits until all slices are added up and written to the parameters. */
    void await() {
        try {
            running.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : e;
        } finally {
            running.clear();
        }
    }
}
