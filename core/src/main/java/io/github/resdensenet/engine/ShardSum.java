package io.github.resdensenet.engine;

import java.util.function.BinaryOperator;
import java.util.function.IntFunction;

/**
 * Sums over the shards of a batch. Rounding depends on the order of additions, so all sums follow the same balanced tree:
 * (0 + 1) + (2 + 3) for four shards. The result does not depend on who computes which shard.
 */
final class ShardSum {
    private ShardSum() {}

    /**
     * Returns the sum over all shards.
     *
     * @param shards number of shards, at least 1
     * @param value the value of a shard
     */
    static <T> T of(int shards, IntFunction<T> value, BinaryOperator<T> add) {
        return of(0, shards, value, add);
    }

    private static <T> T of(int from, int to, IntFunction<T> value, BinaryOperator<T> add) {
        if (to - from == 1) {
            return value.apply(from);
        }
        int middle = (from + to) / 2;
        return add.apply(of(from, middle, value, add), of(middle, to, value, add));
    }
}
