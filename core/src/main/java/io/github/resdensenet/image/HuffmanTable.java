package io.github.resdensenet.image;

import java.nio.ByteBuffer;

/**
 * A JPEG Huffman table (ITU T.81, annex C).
 *
 * @param fast lookup by the next 9 bits: code length in the upper bits, symbol in the lower 8; 0 for longer codes
 * @param last for each length, the exclusive upper bound of its codes, left-aligned to 16 bits
 * @param offset for each length, the number to add to a code to get its index in {@code symbols}
 * @param symbols the symbols in code order, shortest code first
 */
record HuffmanTable(int[] fast, int[] last, int[] offset, int[] symbols) {
    /** An empty table, for scans that need none. */
    static final HuffmanTable NONE = new HuffmanTable(new int[512], new int[17], new int[17], new int[0]);

    private static final int FAST_BITS = 9;

    /** Reads the 16 counts and the symbols, and advances the buffer past them. */
    static HuffmanTable of(ByteBuffer in) throws FormatException {
        int[] counts = new int[17];
        int total = 0;
        for (int length = 1; length <= 16; length++) {
            counts[length] = in.get() & 255;
            total += counts[length];
        }
        if (total > 256 || total > in.remaining()) {
            throw FormatException.corrupt("a JPEG Huffman table has an invalid number of codes: " + total);
        }
        int[] symbols = new int[total];
        for (int i = 0; i < total; i++) {
            symbols[i] = in.get() & 255;
        }
        int[] fast = new int[1 << FAST_BITS];
        int[] last = new int[17];
        int[] offset = new int[17];
        int code = 0;
        int index = 0;
        for (int length = 1; length <= 16; length++) {
            offset[length] = index - code;
            for (int i = 0; i < counts[length]; i++, code++, index++) {
                if (code >= 1 << length) {
                    throw FormatException.corrupt("a JPEG Huffman table has too many codes of " + length + " bits");
                }
                if (length <= FAST_BITS) {
                    int from = code << (FAST_BITS - length);
                    for (int k = 0; k < 1 << (FAST_BITS - length); k++) {
                        fast[from + k] = (length << 8) | symbols[index];
                    }
                }
            }
            last[length] = code << (16 - length);
            code <<= 1;
        }
        return new HuffmanTable(fast, last, offset, symbols);
    }

    /**
     * Finds the code at the start of these 16 bits.
     *
     * @return code length in the upper bits, symbol in the lower 8; 0 if no code matches
     */
    int lookup(int bits) {
        int entry = fast[bits >>> (16 - FAST_BITS)];
        return entry != 0 ? entry : slow(bits);
    }

    private int slow(int bits) {
        for (int length = FAST_BITS + 1; length <= 16; length++) {
            if (bits < last[length]) {
                return (length << 8) | symbols[offset[length] + (bits >>> (16 - length))];
            }
        }
        return 0;
    }
}
