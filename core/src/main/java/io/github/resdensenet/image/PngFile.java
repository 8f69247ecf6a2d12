package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Decodes PNG files (ISO/IEC 15948): all colour types and bit depths, interlaced or not, with every checksum verified.
 *
 * <p>This decoder is written in Java because decoders on top of libpng print warnings and return partial images when
 * the data is corrupt.
 */
final class PngFile {
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504C5445;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454E44;
    private static final int EXIF = 0x65584966;

    /** The largest total size of metadata chunks, in bytes; files with more are rejected. */
    private static final long MAX_METADATA = 16L << 20;

    /** First column, first row, column step and row step of each pass of an interlaced image. */
    private static final int[][] ADAM7 = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private static final int[][] WHOLE = {{0, 0, 1, 1}};

    private final Bytes in;
    private final List<ByteBuffer> data = new ArrayList<>();
    private byte @Nullable [] palette;
    private int width;
    private int height;
    private int depth;
    private int colorType;
    private boolean interlaced;
    private int orientation = 1;

    private PngFile(Bytes in) {
        this.in = in;
    }

    static ImageFile check(Bytes in) throws FormatException {
        PngFile png = new PngFile(in);
        png.readChunks();
        return new ImageFile(Format.PNG, png.width, png.height, png.orientation, png::pixels);
    }

    /** Reads the chunks (length, type, data, CRC) from IHDR to IEND. */
    private void readChunks() throws FormatException {
        long metadata = 0;
        for (long at = 8; in.has(at + 12); ) {
            long length = in.u32(at);
            int type = in.s32(at + 4);
            boolean ancillary = ((type >>> 29) & 1) == 1;
            metadata += ancillary ? length : 0;
            if (metadata > MAX_METADATA) {
                throw new FormatException(
                        "the PNG has " + metadata + " bytes of metadata, at most " + MAX_METADATA + " are allowed");
            }
            if (!in.has(at + 12 + length)) {
                throw FormatException.truncated("the PNG ends inside a chunk");
            }
            ByteBuffer body = in.slice(at + 8, (int) length);
            CRC32 crc = new CRC32();
            crc.update(in.slice(at + 4, (int) length + 4));
            if ((int) crc.getValue() != in.s32(at + 8 + length)) {
                throw FormatException.corrupt("wrong checksum in a PNG chunk at byte " + at);
            }
            if ((width == 0) != (type == IHDR)) {
                throw FormatException.corrupt("the PNG must start with exactly one IHDR chunk");
            }
            switch (type) {
                case IHDR -> readHeader(body);
                case PLTE -> readPalette(body);
                case IDAT -> data.add(body);
                case EXIF -> orientation = Exif.orientation(body);
                case IEND -> {
                    checkComplete();
                    return;
                }
                default -> {
                    if (!ancillary) {
                        throw FormatException.corrupt("unknown critical PNG chunk at byte " + at);
                    }
                }
            }
            at += 12 + length;
        }
        throw FormatException.truncated("the PNG has no IEND chunk");
    }

    private void readHeader(ByteBuffer body) throws FormatException {
        if (body.limit() != 13) {
            throw FormatException.corrupt("the PNG header has " + body.limit() + " bytes, must be 13");
        }
        ImageFile.checkSize(body.getInt(0) & 0xFFFFFFFFL, body.getInt(4) & 0xFFFFFFFFL);
        width = body.getInt(0);
        height = body.getInt(4);
        depth = body.get(8);
        colorType = body.get(9);
        boolean known = switch (colorType) {
            case 0 -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
            case 3 -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
            case 2, 4, 6 -> depth == 8 || depth == 16;
            default -> false;
        };
        if (!known) {
            throw FormatException.corrupt("invalid PNG colour type " + colorType + " with bit depth " + depth);
        }
        if (body.get(10) != 0 || body.get(11) != 0 || body.get(12) < 0 || body.get(12) > 1) {
            throw FormatException.corrupt("the PNG has an unknown compression, filter or interlace method");
        }
        interlaced = body.get(12) == 1;
    }

    private void readPalette(ByteBuffer body) throws FormatException {
        if (body.limit() % 3 != 0 || body.limit() == 0 || body.limit() > 768 || palette != null) {
            throw FormatException.corrupt(
                    "the PNG palette has an invalid length of " + body.limit() + " bytes, or occurs twice");
        }
        byte[] colors = new byte[768]; // missing entries are black, as in Pillow
        body.duplicate().get(colors, 0, body.limit());
        palette = colors;
    }

    private void checkComplete() throws FormatException {
        if (data.isEmpty()) {
            throw FormatException.corrupt("the PNG has no image data");
        }
        if (colorType == 3 && palette == null) {
            throw FormatException.corrupt("the PNG has no palette");
        }
    }

    private int channels() {
        return switch (colorType) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
    }

    /** Decodes the pixels. Drops alpha and keeps the upper 8 bits of 16-bit values. */
    private RgbImage pixels() throws FormatException {
        byte[] rgb = new byte[3 * width * height];
        byte[][] colors = table();
        int bitsPerPixel = channels() * depth;
        int back = Math.max(1, bitsPerPixel / 8);
        Stream stream = new Stream(data);
        try {
            for (int[] pass : interlaced ? ADAM7 : WHOLE) {
                int columns = (width - pass[0] + pass[2] - 1) / pass[2];
                int rows = (height - pass[1] + pass[3] - 1) / pass[3];
                if (columns <= 0 || rows <= 0) {
                    continue;
                }
                int length = Math.toIntExact(((long) columns * bitsPerPixel + 7) / 8);
                byte[] above = new byte[back + length];
                byte[] line = new byte[back + length];
                for (int r = 0; r < rows; r++) {
                    int filter = stream.read(line, back, length);
                    unfilter(filter, line, above, back);
                    int to = ((pass[1] + r * pass[3]) * width + pass[0]) * 3;
                    store(line, back, columns, colors, rgb, to, pass[2] * 3);
                    byte[] spare = above;
                    above = line;
                    line = spare;
                }
            }
            stream.end();
        } catch (DataFormatException e) {
            throw FormatException.corrupt("the PNG has invalid compressed data");
        } finally {
            stream.close();
        }
        return new RgbImage(width, height, rgb);
    }

    /** Returns red, green and blue for each value of a grey-scale or palette image, up to 8 bits per pixel. */
    private byte[][] table() {
        byte[][] colors = new byte[256][];
        int top = (1 << Math.min(8, depth)) - 1;
        for (int v = 0; v < 256; v++) {
            byte grey = (byte) (depth >= 8 ? v : v * 255 / top);
            colors[v] = palette != null && colorType == 3
                    ? new byte[] {palette[3 * v], palette[3 * v + 1], palette[3 * v + 2]}
                    : new byte[] {grey, grey, grey};
        }
        return colors;
    }

    private static void unfilter(int filter, byte[] line, byte[] above, int back) throws FormatException {
        switch (filter) {
            case 0 -> {}
            case 1 -> {
                for (int i = back; i < line.length; i++) {
                    line[i] += line[i - back];
                }
            }
            case 2 -> {
                for (int i = back; i < line.length; i++) {
                    line[i] += above[i];
                }
            }
            case 3 -> {
                for (int i = back; i < line.length; i++) {
                    line[i] += (byte) (((line[i - back] & 255) + (above[i] & 255)) >> 1);
                }
            }
            case 4 -> {
                for (int i = back; i < line.length; i++) {
                    line[i] += (byte) paeth(line[i - back] & 255, above[i] & 255, above[i - back] & 255);
                }
            }
            default -> throw FormatException.corrupt("unknown PNG filter " + filter);
        }
    }

    /** The Paeth predictor: whichever of left (a), above (b) and above left (c) is closest to a + b - c. */
    private static int paeth(int a, int b, int c) {
        int toA = Math.abs(b - c);
        int toB = Math.abs(a - c);
        int toC = Math.abs(a + b - 2 * c);
        return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
    }

    /** Writes the pixels of a line as RGB, {@code step} bytes apart. */
    private void store(byte[] line, int at, int columns, byte[][] colors, byte[] rgb, int to, int step) {
        int sample = Math.max(1, depth / 8); // bytes per sample
        int stride = channels() * sample;
        if (colorType == 2 || colorType == 6) {
            for (int x = 0, from = at; x < columns; x++, from += stride, to += step) {
                rgb[to] = line[from];
                rgb[to + 1] = line[from + sample];
                rgb[to + 2] = line[from + 2 * sample];
            }
            return;
        }
        int mask = (1 << Math.min(8, depth)) - 1;
        for (int x = 0; x < columns; x++, to += step) {
            int value = depth < 8
                    ? (line[at + x * depth / 8] >> (8 - depth - x * depth % 8)) & mask
                    : line[at + x * stride] & 255;
            byte[] color = colors[value];
            rgb[to] = color[0];
            rgb[to + 1] = color[1];
            rgb[to + 2] = color[2];
        }
    }

    /** Inflates the lines from the compressed data, which may be split into chunks at any byte. */
    private static final class Stream {
        private final Inflater inflater = new Inflater();
        private final List<ByteBuffer> chunks;
        private final byte[] one = new byte[1];
        private int next;

        Stream(List<ByteBuffer> chunks) {
            this.chunks = chunks;
        }

        /** Reads a line and returns its filter type. */
        int read(byte[] line, int from, int length) throws DataFormatException, FormatException {
            fill(one, 0, 1);
            fill(line, from, length);
            return one[0];
        }

        private void fill(byte[] to, int from, int length) throws DataFormatException, FormatException {
            for (int end = from + length; from < end; ) {
                int n = inflater.inflate(to, from, end - from);
                from += n;
                if (n == 0 && !more()) {
                    throw FormatException.truncated("the PNG has too little image data");
                }
            }
        }

        private boolean more() {
            if (inflater.finished() || inflater.needsDictionary() || next == chunks.size()) {
                return false;
            }
            if (inflater.needsInput()) {
                inflater.setInput(chunks.get(next++).duplicate());
            }
            return true;
        }

        /** Reads up to the checksum of the stream. Ignores up to 1 MiB of surplus data, as other decoders do. */
        void end() throws DataFormatException, FormatException {
            byte[] rest = new byte[256];
            for (int surplus = 0; !inflater.finished(); ) {
                int n = inflater.inflate(rest);
                surplus += n;
                if (surplus > 1 << 20) {
                    throw FormatException.corrupt("the PNG has more image data than pixels");
                }
                if (n == 0 && !inflater.finished() && !more()) {
                    throw FormatException.truncated("the PNG has incomplete image data");
                }
            }
        }

        void close() {
            inflater.end();
        }
    }
}
