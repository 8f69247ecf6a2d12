package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the first frame of a GIF (89a specification) onto its canvas, as Pillow does.
 *
 * <p>Transparency is ignored. Canvas pixels outside the frame get the colour of the transparent index, or of index 0 if
 * the GIF has no transparent index.
 */
final class Gif {
    private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    private static final int[][] WHOLE = {{0, 1}};
    private static final int MAX_CODES = 4096;
    /** A code has at most 12 bits; the rest is for codes that stand for no pixel. */
    private static final int MAX_BYTES_PER_PIXEL = 4;

    private static final int MAX_EXTRA = 1 << 16;

    private final Bytes in;
    private final int width;
    private final int height;
    private final byte @Nullable [] palette;
    private final int left;
    private final int top;
    private final int frameWidth;
    private final int frameHeight;
    private final boolean interlaced;
    private final int transparent;
    private final long data;
    private final long end;

    /** Reads the blocks up to the image data of the first frame. */
    private Gif(Bytes file) throws FormatException {
        in = file.littleEndian();
        int flags = in.u8(10);
        long at = 13;
        byte[] colors = null;
        if ((flags & 0x80) != 0) {
            colors = palette(at, flags);
            at += paletteSize(flags);
        }
        int transparentIndex = 0;
        while (in.u8(at) == 0x21) {
            if (in.u8(at + 1) == 0xF9 && in.u8(at + 2) == 4 && (in.u8(at + 3) & 1) == 1) {
                transparentIndex = in.u8(at + 6);
            }
            at = skipBlocks(at + 2);
        }
        if (in.u8(at) != 0x2C) {
            throw FormatException.corrupt("the GIF has no frame");
        }
        left = in.u16(at + 1);
        top = in.u16(at + 3);
        frameWidth = in.u16(at + 5);
        frameHeight = in.u16(at + 7);
        ImageFile.checkSize(frameWidth, frameHeight);
        width = Math.max(in.u16(6), left + frameWidth);
        height = Math.max(in.u16(8), top + frameHeight);
        ImageFile.checkSize(width, height);
        int local = in.u8(at + 9);
        interlaced = (local & 0x40) != 0;
        at += 10;
        if ((local & 0x80) != 0) {
            colors = palette(at, local);
            at += paletteSize(local);
        }
        palette = colors;
        transparent = transparentIndex;
        data = at;
        end = skipBlocks(data + 1);
    }

    static ImageFile check(Bytes in) throws FormatException {
        Gif gif = new Gif(in);
        return new ImageFile(Format.GIF, gif.width, gif.height, 1, gif::pixels);
    }

    private static int paletteSize(int flags) {
        return 3 << ((flags & 7) + 1);
    }

    /** Reads a palette and fills it up with black to 256 colours. */
    private byte[] palette(long at, int flags) throws FormatException {
        byte[] colors = new byte[768];
        in.slice(at, paletteSize(flags)).get(colors, 0, paletteSize(flags));
        return colors;
    }

    private long skipBlocks(long at) throws FormatException {
        while (in.u8(at) != 0) {
            at += 1 + in.u8(at);
        }
        return at + 1;
    }

    private RgbImage pixels() throws FormatException {
        byte[] indices = lzw();
        byte[] rgb = new byte[3 * width * height];
        if (frameWidth != width || frameHeight != height) {
            for (int i = 0; i < rgb.length; i += 3) {
                paint(rgb, i, transparent);
            }
        }
        int from = 0;
        for (int[] pass : interlaced ? PASSES : WHOLE) {
            for (int y = pass[0]; y < frameHeight; y += pass[1]) {
                int to = 3 * ((top + y) * width + left);
                for (int x = 0; x < frameWidth; x++, to += 3) {
                    paint(rgb, to, indices[from++] & 255);
                }
            }
        }
        return new RgbImage(width, height, rgb);
    }

    private void paint(byte[] rgb, int at, int index) {
        if (palette == null) {
            rgb[at] = rgb[at + 1] = rgb[at + 2] = (byte) index;
        } else {
            System.arraycopy(palette, 3 * index, rgb, at, 3);
        }
    }

    /** Joins the data blocks of the frame. */
    private byte[] blocks() throws FormatException {
        int most = (int) Math.min(end - data, MAX_BYTES_PER_PIXEL * (long) frameWidth * frameHeight + MAX_EXTRA);
        ByteBuffer joined = ByteBuffer.allocate(most);
        for (long at = data + 1; in.u8(at) != 0 && joined.remaining() >= in.u8(at); at += 1 + in.u8(at)) {
            joined.put(in.slice(at + 1, in.u8(at)));
        }
        byte[] bytes = new byte[joined.flip().limit() + 4]; // zero padding, so that reading a code never overruns
        joined.get(bytes, 0, joined.limit());
        return bytes;
    }

    private byte[] lzw() throws FormatException {
        int rootBits = in.u8(data);
        if (rootBits < 1 || rootBits > 8) {
            throw FormatException.corrupt("the GIF has an LZW code size of " + rootBits + " bits, must be 1 to 8");
        }
        byte[] codes = blocks();
        long bits = 8L * (codes.length - 4);
        byte[] pixels = new byte[frameWidth * frameHeight];
        int clear = 1 << rootBits;
        int[] start = new int[MAX_CODES]; // index in pixels of the latest occurrence of each code's string
        int[] size = new int[MAX_CODES];
        int next = clear + 2;
        int codeBits = rootBits + 1;
        int previous = -1;
        int done = 0;
        for (long at = 0; done < pixels.length; ) {
            if (at + codeBits > bits) {
                throw FormatException.truncated("the GIF has too little image data");
            }
            int offset = (int) (at >>> 3);
            int word = (codes[offset] & 255) | (codes[offset + 1] & 255) << 8 | (codes[offset + 2] & 255) << 16;
            int code = (word >>> (at & 7)) & ((1 << codeBits) - 1);
            at += codeBits;
            if (code == clear) {
                next = clear + 2;
                codeBits = rootBits + 1;
                previous = -1;
                continue;
            }
            if (code == clear + 1) {
                throw FormatException.truncated("the GIF has too little image data");
            }
            if (code > next || (previous < 0 && code >= clear)) {
                throw FormatException.corrupt("the GIF has an invalid LZW code in its image data");
            }
            int first = done;
            if (code < clear) {
                pixels[done++] = (byte) code;
            } else {
                // A code not yet defined stands for the previous string plus the first pixel of that string.
                int from = code == next ? previous : start[code];
                int length = code == next ? first - previous + 1 : size[code];
                for (int i = 0; i < length && done < pixels.length; i++) {
                    pixels[done++] = pixels[from + i];
                }
            }
            if (previous >= 0 && next < MAX_CODES) {
                start[next] = previous;
                size[next] = first - previous + 1;
                next++;
                if (next == 1 << codeBits && codeBits < 12) {
                    codeBits++;
                }
            }
            previous = first;
        }
        return pixels;
    }
}
