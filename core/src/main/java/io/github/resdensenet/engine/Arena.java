package io.github.resdensenet.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Lays out a plan's values in one piece of memory, so that values which are never needed at once share bytes. */
final class Arena {
    /** Cache lines and vector registers are 64 bytes; pages keep large values apart. */
    static final long ALIGNMENT = 4096;

    /** A piece of memory that is needed from its first to its last use. */
    static final class Block {
        private final long bytes;
        private int firstUse = Integer.MAX_VALUE;
        private int lastUse = -1;
        private long offset;

        private Block(long bytes) {
            this.bytes = bytes;
        }

        /** Says that instruction {@code time} reads or writes the block. */
        void use(int time) {
            firstUse = Math.min(firstUse, time);
            lastUse = Math.max(lastUse, time);
        }

        /** Where the block lies, after {@link Arena#layOut}. */
        long offset() {
            return offset;
        }

        private boolean livesWith(Block other) {
            return firstUse <= other.lastUse && other.firstUse <= lastUse;
        }
    }

    private final List<Block> blocks = new ArrayList<>();

    Block reserve(long bytes) {
        Block block = new Block((bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        blocks.add(block);
        return block;
    }

    /** Gives every block its place: the largest first, each as low as the blocks that live beside it allow. */
    long layOut() {
        List<Block> placed = new ArrayList<>();
        long total = 0;
        blocks.sort(Comparator.comparingLong((Block b) -> -b.bytes));
        for (Block block : blocks) {
            block.offset = 0;
            for (Block other : placed) { // in order of offset
                if (block.livesWith(other)) {
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
