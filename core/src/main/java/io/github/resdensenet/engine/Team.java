package io.github.resdensenet.engine;

import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Sharding;
import io.github.resdensenet.distributed.Sharding.Range;
import io.github.resdensenet.engine.ShardSum.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The processes that compute a batch, and who computes which of its shards. A process adds up its shards as far as the
 * tree of {@link ShardSum} allows without the others: these sums are its nodes.
 */
final class Team {
    private final Sharding sharding;
    private final ProcessGroup group;
    private final int batch;
    private final List<List<Node>> nodes;
    private final int mostNodes;
    private final Map<Node, Integer> positions = new HashMap<>();

    /**
     * Divides a batch.
     *
     * @param shards shards of a batch, if it has at least as many images
     * @param batch images in the batch
     */
    Team(ProcessGroup group, int shards, int batch) {
        this.sharding = group.sharding(shards);
        this.group = group;
        this.batch = batch;
        this.nodes = IntStream.range(0, group.size())
                .mapToObj(rank -> sharding.shardsOf(batch, rank))
                .map(range -> ShardSum.nodes(shards(), range.from(), range.to()))
                .toList();
        this.mostNodes = nodes.stream().mapToInt(List::size).max().orElse(1);
        for (int rank = 0; rank < nodes.size(); rank++) {
            for (int i = 0; i < nodes.get(rank).size(); i++) {
                positions.put(nodes.get(rank).get(i), rank * mostNodes + i);
            }
        }
    }

    Sharding sharding() {
        return sharding;
    }

    ProcessGroup group() {
        return group;
    }

    /** The number of images in the batch. */
    int batch() {
        return batch;
    }

    /** The number of shards of the batch. */
    int shards() {
        return sharding.count(batch);
    }

    /** Images in a shard. */
    int size(int shard) {
        return sharding.images(batch, shard).size();
    }

    /** The shards of this process. */
    Range own() {
        return sharding.shardsOf(batch, group.rank());
    }

    List<Node> nodes(int rank) {
        return nodes.get(rank);
    }

    List<Node> ownNodes() {
        return nodes(group.rank());
    }

    /** The largest number of nodes of a process. */
    int mostNodes() {
        return mostNodes;
    }

    /** The position of each node if each process has room for as many nodes as any process. */
    Map<Node, Integer> positions() {
        return positions;
    }
}
