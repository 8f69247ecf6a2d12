package io.github.resdensenet.data.format;

import java.nio.ByteBuffer;

/**
 * The codes of a JPEG Huffman table (ITU T.81, annex C).
 *
 * @param fast by the next 9 bits: code length in the upper bits, symbol in the lower 8; 0 where the code is longer
 * @param last the largest code of each length, shifted up to 16 bits, exclusive
 * @param offset what to add to a code of each length to have its place in {@code symbols}
 * @param symbols by code, shortest first
 */
record HuffmanTable(int[] fast, int[] last, int[] offset, int[] symbols) {
    /** A table without codes, where a scan needs none. */
    static final HuffmanTable NONE = new HuffmanTable(new int[512], new int[17], new int[17], new int[0]);

    private static final int FAST_BITS = 9;

    /** Reads 16 counts and the symbols, and moves the buffer behind them. */
    static HuffmanTable of(ByteBuffer in) throws FormatException {
        int[] counts = new int[17];
        int total = 0;
        for (int length = 1; length <= 16; length++) {
            counts[length] = in.get() & 255;
            total += counts[length];
        }
        if (total > 256 || total > in.remaining()) {
            throw FormatException.damaged("a JPEG Huffman table has " + total + " codes");
        }
        int[] symbols = new int[total];
        for (int i = 0; i < total; i++) {
            symbols[i] = in.get() & 255;
        }
        int[] fast = new int[1 << FAST_BITS];
        int[] last = new int[17];
        int[] offset = new int[17];
        int code = 0;
        int place = 0;
        for (int length = 1; length <= 16; length++) {
            offset[length] = place - code;
            for (int i = 0; i < counts[length]; i++, code++, place++) {
                if (code >= 1 << length) {
                    throw FormatException.damaged("a JPEG Huffman table has too many codes of " + length + " bits");
                }
                if (length <= FAST_BITS) {
                    int from = code << (FAST_BITS - length);
                    for (int k = 0; k < 1 << (FAST_BITS - length); k++) {
                        fast[from + k] = (length << 8) | symbols[place];
                    }
                }
            }
            last[length] = code << (16 - length);
            code <<= 1;
        }
        return new HuffmanTable(fast, last, offset, symbols);
    }

    /** Code length in the upper bits and symbol in the lower 8 of the code that starts these 16 bits; 0 if none does. */
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
