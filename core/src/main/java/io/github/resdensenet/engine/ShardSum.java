package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Sums over the shards of a batch. Rounding depends on the order of additions, so all sums follow the same balanced tree:
 * (0 + 1) + (2 + 3) for four shards. The result does not depend on who computes which shard.
 */
final class ShardSum {
    private ShardSum() {}

    /** Consecutive shards, from {@code from} to {@code to} (exclusive), that the tree adds up on their own. */
    record Node(int from, int to) {
        private Node left() {
            return new Node(from, (from + to) / 2);
        }

        private Node right() {
            return new Node((from + to) / 2, to);
        }
    }

    /**
     * Returns the sum over all shards.
     *
     * @param shards number of shards, at least 1
     * @param value the value of a shard
     */
    static <T> T of(int shards, IntFunction<T> value, BinaryOperator<T> add) {
        return of(new Node(0, shards), value, add);
    }

    /** Returns the sum over the shards of a node. */
    static <T> T of(Node node, IntFunction<T> value, BinaryOperator<T> add) {
        return ofKnown(node, n -> n.to - n.from == 1 ? Optional.of(value.apply(n.from)) : Optional.empty(), add);
    }

    /**
     * Returns the sum over the shards of a node.
     *
     * @param known the sum of a node, if it is known; else the sums of its halves are added
     */
    static <T> T ofKnown(Node node, Function<Node, Optional<T>> known, BinaryOperator<T> add) {
        return known.apply(node)
                .orElseGet(() -> add.apply(ofKnown(node.left(), known, add), ofKnown(node.right(), known, add)));
    }

    /** The largest nodes of the tree of all shards that lie in a range, which they fill. */
    static List<Node> nodes(int shards, int from, int to) {
        List<Node> nodes = new ArrayList<>();
        collect(new Node(0, shards), from, to, nodes);
        return nodes;
    }

    private static void collect(Node node, int from, int to, List<Node> nodes) {
        if (from <= node.from && node.to <= to) {
            nodes.add(node);
        } else if (node.from < to && from < node.to) {
            collect(node.left(), from, to, nodes);
            collect(node.right(), from, to, nodes);
        }
    }
}
