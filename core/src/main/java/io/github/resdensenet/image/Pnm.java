package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;

/** Decodes PBM, PGM and PPM in text and binary form (Netpbm formats P1 to P6). Values are scaled to 0 to 255. */
final class Pnm {
    private final Bytes in;
    private final boolean text;
    private final boolean bits;
    private final int channels;
    private final int width;
    private final int height;
    private final int top;
    private long at = 2;

    private Pnm(Bytes in) throws FormatException {
        this.in = in;
        int kind = in.u8(1) - '0';
        text = kind <= 3;
        bits = kind % 3 == 1;
        channels = kind % 3 == 0 ? 3 : 1;
        width = number();
        height = number();
        ImageFile.checkSize(width, height);
        top = bits ? 1 : number();
        if (top < 1 || top > 65535) {
            throw FormatException.corrupt("the maximum value in the header is " + top + ", must be 1 to 65535");
        }
        at++;
    }

    static ImageFile check(Bytes in) throws FormatException {
        Pnm pnm = new Pnm(in);
        if (!pnm.text) {
            long row = pnm.bits ? (pnm.width + 7) / 8 : (long) pnm.width * pnm.channels * (pnm.top > 255 ? 2 : 1);
            if (!in.has(pnm.at + row * pnm.height)) {
                throw FormatException.truncated("the file ends at byte " + in.length());
            }
        }
        return new ImageFile(Format.PNM, pnm.width, pnm.height, 1, pnm::pixels);
    }

    static boolean isSpace(int c) {
        return c == ' ' || (c >= 9 && c <= 13);
    }

    /** Reads the next number of the header or of a text file. Comments start with # and end with the line. */
    private int number() throws FormatException {
        skipSpace();
        int value = -1;
        while (in.has(at + 1) && in.u8(at) >= '0' && in.u8(at) <= '9' && value < 1_000_000) {
            value = 10 * Math.max(0, value) + in.u8(at++) - '0';
        }
        if (value < 0) {
            throw FormatException.corrupt("expected a number at byte " + at);
        }
        return value;
    }

    private void skipSpace() throws FormatException {
        while (isSpace(in.u8(at)) || in.u8(at) == '#') {
            if (in.u8(at++) == '#') {
                while (in.u8(at) != '\n' && in.u8(at) != '\r') {
                    at++;
                }
            }
        }
    }

    private RgbImage pixels() throws FormatException {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0, to = 0; y < height; y++) {
            for (int x = 0; x < width; x++, to += 3) {
                for (int c = 0; c < channels; c++) {
                    rgb[to + c] = scaled(bits ? bit(x) : value());
                }
                if (channels == 1) {
                    rgb[to + 1] = rgb[to + 2] = rgb[to];
                }
            }
            at += bits && !text ? (width + 7) / 8 : 0;
        }
        return new RgbImage(width, height, rgb);
    }

    /** Reads a PBM pixel and returns 1 for white. The file stores 1 for black. */
    private int bit(int x) throws FormatException {
        if (!text) {
            return 1 - ((in.u8(at + x / 8) >> (7 - x % 8)) & 1);
        }
        skipSpace();
        int digit = in.u8(at++) - '0';
        if (digit != 0 && digit != 1) {
            throw FormatException.corrupt("expected 0 or 1 at byte " + (at - 1));
        }
        return 1 - digit;
    }

    private int value() throws FormatException {
        if (text) {
            return number();
        }
        int value = top > 255 ? in.u16(at) : in.u8(at);
        at += top > 255 ? 2 : 1;
        return value;
    }

    private byte scaled(int value) throws FormatException {
        if (value > top) {
            throw FormatException.corrupt("the value " + value + " exceeds the maximum of " + top);
        }
        return (byte) (top == 255 ? value : Math.rint((double) value / top * 255));
    }
}
