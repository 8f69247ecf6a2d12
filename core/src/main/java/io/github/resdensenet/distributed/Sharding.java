package io.github.resdensenet.distributed;

/**
 * How a batch is divided by position into shards, and the shards among the processes. Shards have equal size, give or
 * take one image. Each process computes consecutive shards.
 *
 * @param shards shards of a batch; a batch with fewer images has one shard per image
 * @param rank number of this process, from 0
 * @param processes number of processes
 */
public record Sharding(int shards, int rank, int processes) {
    /**
     * A range.
     *
     * @param from first number
     * @param to last number plus 1
     */
    public record Range(int from, int to) {
        /** One of several parts of the range from 0 to {@code total}, of equal size, give or take 1. */
        public static Range part(int total, int number, int parts) {
            return new Range(
                    Math.toIntExact((long) total * number / parts),
                    Math.toIntExact((long) total * (number + 1) / parts));
        }

        /** How many numbers the range has. */
        public int size() {
            return to - from;
        }
    }

    /** The number of shards of a batch. */
    public int count(int images) {
        return Math.min(images, shards);
    }

    /** The images of a shard, as positions in the batch. */
    public Range images(int images, int shard) {
        return Range.part(images, shard, count(images));
    }

    /** The shards of a process; empty if the batch has fewer shards than there are processes. */
    public Range shardsOf(int images, int process) {
        return Range.part(count(images), process, processes);
    }

    /** The images of a process, as positions in the batch. */
    public Range imagesOf(int images, int process) {
        Range own = shardsOf(images, process);
        return new Range(images(images, own.from).from, images(images, own.to).from);
    }

    /** The images of this process, as positions in the batch. */
    public Range own(int images) {
        return imagesOf(images, rank);
    }
}
