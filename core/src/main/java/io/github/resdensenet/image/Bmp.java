package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.util.Set;

/**
 * Checks Windows bitmap (BMP) files before OpenCV decodes them: the variant must be supported and every pixel present.
 */
final class Bmp {
    private static final Set<Integer> HEADERS = Set.of(12, 40, 52, 56, 108, 124);
    private static final int RLE8 = 1;
    private static final int BITFIELDS = 3;
    /** Most bytes of the palette and of what some programs write after it. */
    private static final int MAX_GAP = 1 << 20;

    private Bmp() {}

    static ImageFile check(Bytes file) throws FormatException {
        Bytes in = file.littleEndian();
        long data = in.u32(10);
        int header = in.s32(14);
        if (!HEADERS.contains(header)) {
            throw FormatException.corrupt(
                    "the BMP header has " + header + " bytes, must be 12, 40, 52, 56, 108 or 124");
        }
        boolean old = header == 12;
        long width = old ? in.u16(18) : in.s32(18);
        long height = old ? in.u16(20) : Math.abs((long) in.s32(22));
        ImageFile.checkSize(width, height);
        int bits = in.u16(old ? 24 : 28);
        int compression = old ? 0 : in.s32(30);
        boolean supported = (compression == 0 && Set.of(1, 4, 8, 24, 32).contains(bits))
                || (compression == RLE8 && bits == 8)
                || (compression == BITFIELDS && bits == 32 && hasStandardMasks(in));
        if (!supported) {
            throw FormatException.unsupported("BMP with " + bits + " bits per pixel and compression " + compression);
        }
        long palette = 14L + header + (compression == BITFIELDS && header == 40 ? 12 : 0);
        long colors = bits > 8 ? 0 : old || in.s32(46) == 0 ? 1L << bits : in.u32(46);
        if (colors > 256 || palette + colors * (old ? 3 : 4) > data) {
            throw FormatException.corrupt("the BMP palette has " + colors
                    + " colours (at most 256), but the pixel data starts at byte " + data);
        }
        if (data - palette > MAX_GAP) {
            throw FormatException.unsupported("BMP with " + (data - palette) + " bytes before its pixels");
        }
        long end = data + (width * bits + 31) / 32 * 4 * height;
        if (compression == RLE8) {
            end = checkRuns(in, data, (int) width, height);
        }
        if (!in.has(end)) {
            throw FormatException.truncated("the BMP ends at byte " + in.length());
        }
        return new ImageFile(Format.BMP, (int) width, (int) height, 1, file.slice(0, (int) end));
    }

    private static boolean hasStandardMasks(Bytes in) throws FormatException {
        return in.s32(54) == 0xFF0000 && in.s32(58) == 0xFF00 && in.s32(62) == 0xFF;
    }

    /**
     * Checks that the runs cover every pixel of every line, and returns the position after them. Delta codes skip pixels
     * and are unsupported.
     */
    private static long checkRuns(Bytes in, long at, int width, long height) throws FormatException {
        int x = 0;
        for (long y = 0; y < height; at += 2) {
            int count = in.u8(at);
            int value = in.u8(at + 1);
            if (count > 0) {
                x += count;
            } else if (value > 2) {
                x += value;
                at += value + value % 2;
                in.u8(at + 1);
            } else if (value == 2) {
                throw FormatException.unsupported("run-length encoded BMP with delta codes");
            } else {
                if (x != width || (value == 1 && y < height - 1)) {
                    throw FormatException.truncated("the BMP has too few pixels in line " + y);
                }
                x = 0;
                y++;
            }
            if (x > width) {
                throw FormatException.corrupt("the BMP has too many pixels in line " + y);
            }
        }
        return Math.min(at + 2, in.length()); // with the end-of-bitmap code, if there is one
    }
}
