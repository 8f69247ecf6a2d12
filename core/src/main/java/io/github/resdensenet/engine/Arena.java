package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Memory layout of a plan: all values are in one block of memory, and values with disjoint lifetimes can overlap. */
final class Arena {
    /** Alignment of each value in bytes: a memory page, and so also a multiple of cache lines and vector registers. */
    static final long ALIGNMENT = 4096;

    /** The memory of one value, which is reserved from its first to its last use. */
    static final class Block {
        private final long bytes;
        private int firstUse = Integer.MAX_VALUE;
        private int lastUse = -1;
        private long offset;

        private Block(long bytes) {
            this.bytes = bytes;
        }

        /** Records that instruction number {@code time} reads or writes the block. */
        void use(int time) {
            firstUse = Math.min(firstUse, time);
            lastUse = Math.max(lastUse, time);
        }

        /** Bytes from the start of the arena; valid after {@link Arena#layOut}. */
        long offset() {
            return offset;
        }

        private boolean overlapsInTime(Block other) {
            return firstUse <= other.lastUse && other.firstUse <= lastUse;
        }
    }

    private final List<Block> blocks = new ArrayList<>();

    /** Adds a block of at least the given size. */
    Block reserve(long bytes) {
        Block block = new Block((bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        blocks.add(block);
        return block;
    }

    /**
     * Sets the offset of every block: the largest block first, each at the lowest offset that is free during its
     * lifetime.
     *
     * @return the size of the arena in bytes
     */
    long layOut() {
        List<Block> placed = new ArrayList<>();
        long total = 0;
        blocks.sort(Comparator.comparingLong((Block b) -> -b.bytes));
        for (Block block : blocks) {
            block.offset = 0;
            for (Block other : placed) { // in order of offset
                if (block.overlapsInTime(other)) {
                    if (block.offset + block.bytes <= other.offset) {
                        break;
                    }
                    block.offset = Math.max(block.offset, other.offset + other.bytes);
                }
            }
            placed.add(block);
            placed.sort(Comparator.comparingLong(Block::offset));
            total = Math.max(total, block.offset + block.bytes);
        }
        return total;
    }
}
