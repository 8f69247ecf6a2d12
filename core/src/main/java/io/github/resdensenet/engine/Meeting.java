package io.github.resdensenet.engine;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.engine.ShardSum.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What happens when all shards have finished a segment: values are combined over the batch, with one message between the
 * processes, and then actions run.
 */
final class Meeting {
    private final Set<Combination<?>> combinations = new LinkedHashSet<>();
    private final Set<Runnable> actions = new LinkedHashSet<>();

    void add(Combination<?> combination) {
        combinations.add(combination);
    }

    void add(Runnable action) {
        actions.add(action);
    }

    /** Runs once for each process. */
    void run(Team team) {
        ProcessGroup group = team.group();
        if (group.size() == 1) {
            combinations.forEach(c -> combine(c, team.shards()));
        } else if (!combinations.isEmpty()) {
            exchange(team);
        }
        actions.forEach(Runnable::run);
    }

    private static <T> void combine(Combination<T> c, int shards) {
        c.set(ShardSum.of(shards, c::of, c::and));
    }

    private void exchange(Team team) {
        int length = combinations.stream().mapToInt(Combination::length).sum();
        double[] message = new double[length * team.mostNodes()];
        List<Node> own = team.ownNodes();
        for (int i = 0; i < own.size(); i++) {
            int at = i * length;
            for (Combination<?> c : combinations) {
                encode(c, own.get(i), message, at);
                at += c.length();
            }
        }
        double[] all = team.group().allGather(message);
        Map<Node, Integer> positions = team.positions();
        int at = 0;
        for (Combination<?> c : combinations) {
            decode(c, all, at, length, positions, team.shards());
            at += c.length();
        }
    }

    private static <T> void encode(Combination<T> c, Node node, double[] message, int at) {
        c.encode(ShardSum.of(node, c::of, c::and), message, at);
    }

    private static <T> void decode(
            Combination<T> c, double[] all, int at, int length, Map<Node, Integer> positions, int shards) {
        c.set(ShardSum.ofKnown(
                new Node(0, shards),
                node -> Optional.ofNullable(positions.get(node)).map(p -> c.decode(all, at + p * length, node)),
                c::and));
    }
}
