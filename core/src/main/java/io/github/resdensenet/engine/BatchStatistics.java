package io.github.resdensenet.engine;

import io.github.resdensenet.engine.ShardSum.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Statistics of a value over the images of a batch. All normalisations that read the value share them. Each shard
 * computes the moments of its images.
 */
final class BatchStatistics implements Combination<Moments>, AutoCloseable {
    private final List<Long> sizes;
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
        this.sizes = sizes;
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
    Statistics read(int shard) {
        return local.isEmpty() ? batch : local.get(shard);
    }

    void set(int shard, Moments values) {
        moments[shard] = values;
        if (!local.isEmpty()) {
            local.get(shard).set(values);
        }
    }

    @Override
    public Moments of(int shard) {
        return moments[shard];
    }

    @Override
    public Moments and(Moments left, Moments right) {
        return left.and(right);
    }

    @Override
    public void set(Moments all) {
        batch.set(all);
    }

    @Override
    public int length() {
        return 2 * batch.channels();
    }

    @Override
    public void encode(Moments value, double[] numbers, int at) {
        int channels = batch.channels();
        System.arraycopy(value.means(), 0, numbers, at, channels);
        System.arraycopy(value.squares(), 0, numbers, at + channels, channels);
    }

    @Override
    public Moments decode(double[] numbers, int at, Node node) {
        int middle = at + batch.channels();
        long count = sizes.subList(node.from(), node.to()).stream()
                .mapToLong(Long::longValue)
                .sum();
        return new Moments(
                Arrays.copyOfRange(numbers, at, middle),
                Arrays.copyOfRange(numbers, middle, middle + batch.channels()),
                count);
    }

    @Override
    public void close() {
        batch.close();
        local.forEach(Statistics::close);
    }
}
