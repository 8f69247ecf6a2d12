package io.github.resdensenet.engine;

import io.github.resdensenet.engine.ShardSum.Node;

/**
 * A value that each shard computes, and that all need combined over the whole batch.
 *
 * @param <T> the value of some shards
 */
interface Combination<T> {
    /** The value of a shard that this process computes. */
    T of(int shard);

    /** Combines the values of two neighbouring nodes. It may overwrite {@code left}. */
    T and(T left, T right);

    /** Receives the value of the whole batch. */
    void set(T batch);

    /** How many numbers represent a value. */
    int length();

    /** Writes a value as numbers, from a position on. */
    void encode(T value, double[] numbers, int at);

    /** Reads the value of a node. */
    T decode(double[] numbers, int at, Node node);
}
