package io.github.resdensenet.image;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Checks that a strip or tile of a TIFF file has all its data. The JDK's reader does not notice when compressed data ends
 * early, and leaves the rest of the image black.
 */
final class StripCheck {
    static final int LZW = 5;
    static final int JPEG = 7;
    static final int DEFLATE = 8;
    static final int PACK_BITS = 32773;
    static final int OLD_DEFLATE = 32946;

    private static final int CLEAR = 256;
    private static final int END = 257;
    private static final int MAX_CODES = 4096;

    private StripCheck() {}

    /**
     * Checks the data of one strip or tile.
     *
     * @param compression the TIFF's code of the compression; CCITT is left to the reader
     * @param needed number of bytes that are not compressed
     */
    static void check(ByteBuffer data, int compression, long needed) throws FormatException {
        long found = switch (compression) {
            case LZW -> lzw(data, needed);
            case DEFLATE, OLD_DEFLATE -> deflate(data, needed);
            case PACK_BITS -> packBits(data, needed);
            case JPEG -> endsLikeJpeg(data) ? needed : 0;
            default -> needed;
        };
        if (found < needed) {
            throw FormatException.truncated("a strip or tile of the TIFF has too little image data");
        }
    }

    private static long deflate(ByteBuffer data, long needed) throws FormatException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(data.duplicate());
            byte[] buffer = new byte[1 << 13];
            long found = 0;
            while (found < needed) {
                int n = inflater.inflate(buffer, 0, (int) Math.min(buffer.length, needed - found));
                if (n == 0) { // the end, or more input is needed
                    break;
                }
                found += n;
            }
            return found;
        } catch (DataFormatException e) {
            throw FormatException.corrupt("a strip or tile of the TIFF has invalid compressed data");
        } finally {
            inflater.end();
        }
    }

    /** The no-op, which no known program writes, would confuse the JDK's reader. */
    private static long packBits(ByteBuffer data, long needed) throws FormatException {
        long found = 0;
        for (int at = 0; found < needed && at < data.limit(); ) {
            int count = data.get(at);
            if (count == -128) {
                throw FormatException.unsupported("TIFF with empty PackBits runs");
            }
            int length = count < 0 ? 1 : count + 1;
            if (at + 1 + length > data.limit()) {
                break;
            }
            found += count < 0 ? 1 - count : length;
            at += 1 + length;
        }
        return found;
    }

    private static boolean endsLikeJpeg(ByteBuffer data) {
        int end = data.limit();
        while (end > 2 && (data.get(end - 1) == 0 || (data.get(end - 1) == -1 && data.get(end - 2) == -1))) {
            end--; // fill bytes
        }
        return end >= 2 && (data.get(end - 1) & 0xFF) == 0xD9 && data.get(end - 2) == -1;
    }

    /** Counts the bytes that the codes stand for, without their values. */
    private static long lzw(ByteBuffer data, long needed) {
        if (data.limit() >= 2 && data.get(0) == 0 && (data.get(1) & 1) == 1) {
            return needed; // codes with the lowest bit first, of old programs
        }
        int[] lengths = new int[MAX_CODES + 1];
        int next = END + 1;
        int codeBits = 9;
        int previous = 0; // length of the string before
        long found = 0;
        for (long bit = 0; found < needed && bit + codeBits <= 8L * data.limit(); ) {
            int code = code(data, bit, codeBits);
            bit += codeBits;
            if (code == END) {
                break;
            }
            if (code == CLEAR) {
                next = END + 1;
                codeBits = 9;
                previous = 0;
                continue;
            }
            int length = code < CLEAR ? 1 : code < next ? lengths[code] : previous + 1;
            found += length;
            if (previous > 0 && next < MAX_CODES) {
                lengths[next++] = previous + 1;
            }
            previous = length;
            codeBits = next < 511 ? 9 : next < 1023 ? 10 : next < 2047 ? 11 : 12;
        }
        return found;
    }

    private static int code(ByteBuffer data, long bit, int count) {
        int code = 0;
        for (int i = 0; i < 4; i++) { // a code lies in at most three bytes
            int at = (int) (bit >>> 3) + i;
            code = code << 8 | (at < data.limit() ? data.get(at) & 0xFF : 0);
        }
        return code << (bit & 7) >>> (32 - count);
    }
}
