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
 *
 * @param sharding how the batch is divided
 * @param group the processes
 * @param batch images in the batch
 */
record Team(Sharding sharding, ProcessGroup group, int batch) {
    Team(ProcessGroup group, int shards, int batch) {
        this(group.sharding(shards), group, batch);
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
        Range range = sharding.shardsOf(batch, rank);
        return ShardSum.nodes(shards(), range.from(), range.to());
    }

    List<Node> ownNodes() {
        return nodes(group.rank());
    }

    /** The largest number of nodes of a process. */
    int mostNodes() {
        return IntStream.range(0, group.size()).map(i -> nodes(i).size()).max().orElse(1);
    }

    /** The position of each node if each process has room for as many nodes as any process. */
    Map<Node, Integer> positions() {
        Map<Node, Integer> positions = new HashMap<>();
        int room = mostNodes();
        for (int rank = 0; rank < group.size(); rank++) {
            List<Node> nodes = nodes(rank);
            for (int i = 0; i < nodes.size(); i++) {
                positions.put(nodes.get(i), rank * room + i);
            }
        }
        return positions;
    }
}
