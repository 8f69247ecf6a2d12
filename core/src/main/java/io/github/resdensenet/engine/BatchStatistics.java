package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * Statistics of a value over the images of a batch. All normalisations that read the value share them. Each shard adds
 * the moments of its images; {@link #run} combines them.
 */
final class BatchStatistics implements Runnable, AutoCloseable {
    private final Moments[] moments;
    private final Statistics batch;
    private final List<Statistics> local = new ArrayList<>();

    /**
     * Allocates the statistics.
     *
     * @param sizes number of values per channel in each shard
     * @param sync whether each shard normalises with the statistics of the batch, not with its own
     */
    BatchStatistics(int channels, List<Long> sizes, boolean sync) {
        moments = new Moments[sizes.size()];
        batch = new Statistics(
                channels, sizes.stream().mapToLong(Long::longValue).sum());
        if (!sync) {
            sizes.forEach(size -> local.add(new Statistics(channels, size)));
        }
    }

    /** The statistics of the whole batch. */
    Statistics batch() {
        return batch;
    }

    /** The statistics that a shard normalises with. */
    Statistics of(int shard) {
        return local.isEmpty() ? batch : local.get(shard);
    }

    void set(int shard, Moments values) {
        moments[shard] = values;
        if (!local.isEmpty()) {
            local.get(shard).set(values);
        }
    }

    /** Combines the moments of all shards. */
    @Override
    public void run() {
        batch.set(ShardSum.of(moments.length, shard -> moments[shard], Moments::and));
    }

    @Override
    public void close() {
        batch.close();
        local.forEach(Statistics::close);
    }
}
