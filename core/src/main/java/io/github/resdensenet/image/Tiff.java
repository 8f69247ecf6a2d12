package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Decodes the first page of a TIFF 6.0 file.
 *
 * <p>docs/images.md lists the supported kinds. The data may be uncompressed or compressed by LZW, deflate, PackBits or
 * CCITT. Grey-scale and RGB may also be compressed by JPEG.
 *
 * <p>The JDK's reader returns the stored values; this class converts them to RGB. It keeps the upper 8 bits of 16-bit
 * values and drops alpha.
 */
final class Tiff {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int FILL_ORDER = 266;
    private static final int STRIPS = 273;
    private static final int ORIENTATION = 274;
    private static final int SAMPLES = 277;
    private static final int STRIP_SIZES = 279;
    private static final int ROWS_PER_STRIP = 278;
    private static final int PLANES = 284;
    private static final int PREDICTOR = 317;
    private static final int PALETTE = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILES = 324;
    private static final int TILE_SIZES = 325;
    private static final int EXTRA = 338;
    private static final int SAMPLE_FORMAT = 339;
    private static final int COEFFICIENTS = 529;
    /** All fields that this class reads as whole numbers. */
    private static final Set<Integer> KNOWN = Set.of(
            WIDTH,
            HEIGHT,
            BITS,
            COMPRESSION,
            PHOTOMETRIC,
            FILL_ORDER,
            STRIPS,
            ORIENTATION,
            SAMPLES,
            STRIP_SIZES,
            ROWS_PER_STRIP,
            PLANES,
            PREDICTOR,
            PALETTE,
            TILE_WIDTH,
            TILE_HEIGHT,
            TILES,
            TILE_SIZES,
            EXTRA,
            SAMPLE_FORMAT);
    /** Fields that the JDK's reader ignores if they are not 16-bit numbers. */
    private static final Set<Integer> SHORTS =
            Set.of(BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, SAMPLES, PLANES, PREDICTOR, EXTRA, SAMPLE_FORMAT);

    private static final int MAX_VALUES = 1 << 22;
    private static final int MAX_TILE = 1 << 20;
    /** The value of {@link #PREDICTOR} for differences between neighbours in a row. */
    private static final int DIFFERENCES = 2;
    /** LZW and deflate: the compressions for which the {@link #PREDICTOR} counts. */
    private static final Set<Integer> WITH_PREDICTOR =
            Set.of(StripCheck.LZW, StripCheck.DEFLATE, StripCheck.OLD_DEFLATE);

    /** Red, green and blue in the luminance, as in JFIF. */
    private static final double[] LUMINANCE = {0.299, 0.587, 0.114};

    private static final Map<Integer, String> COMPRESSIONS = Map.of(
            1,
            "none",
            2,
            "CCITT RLE",
            3,
            "CCITT group 3",
            4,
            "CCITT group 4",
            StripCheck.LZW,
            "LZW",
            StripCheck.JPEG,
            "JPEG",
            StripCheck.DEFLATE,
            "deflate",
            StripCheck.PACK_BITS,
            "PackBits",
            StripCheck.OLD_DEFLATE,
            "deflate");

    private static final int WHITE_IS_ZERO = 0;
    private static final int BLACK_IS_ZERO = 1;
    private static final int RGB = 2;
    private static final int INDEXED = 3;
    private static final int CMYK = 5;
    private static final int YCBCR = 6;
    /** The value of {@link #EXTRA} for colours that have been multiplied by alpha. */
    private static final int PREMULTIPLIED = 1;

    private final Map<Integer, long[]> fields = new TreeMap<>();
    private final int width;
    private final int height;
    private final int bits;
    private final int samples;
    private final int photometric;
    private boolean unusualLuminance;
    /** Where the value of {@link #PREDICTOR} is in the file. */
    private long predictorAt;

    private Tiff(Bytes in) throws FormatException {
        readFields(in);
        width = (int) size(WIDTH);
        height = (int) size(HEIGHT);
        ImageFile.checkSize(width, height);
        bits = (int) value(BITS, 1);
        samples = (int) value(SAMPLES, 1);
        photometric = (int) value(PHOTOMETRIC, -1);
        checkKind();
        checkData(in);
    }

    static ImageFile check(Bytes file) throws FormatException {
        Bytes in = file.startsWith("II") ? file.littleEndian() : file;
        Tiff tiff = new Tiff(in);
        long orientation = tiff.value(ORIENTATION, 1);
        return new ImageFile(
                Format.TIFF,
                tiff.width,
                tiff.height,
                orientation >= 1 && orientation <= 8 ? (int) orientation : 1,
                () -> tiff.pixels(StoredValues.read("tiff", tiff.content(in))));
    }

    private void readFields(Bytes in) throws FormatException {
        long directory = in.u32(4);
        int entries = in.u16(directory);
        for (int i = 0; i < entries; i++) {
            long entry = directory + 2 + 12L * i;
            int size = switch (in.u16(entry + 2)) {
                case 1, 7 -> 1;
                case 3 -> 2;
                case 4 -> 4;
                default -> 0; // metadata such as text and fractions
            };
            long count = in.u32(entry + 4);
            if (in.u16(entry) == COEFFICIENTS && count == 3) {
                unusualLuminance = isUnusual(in, in.u32(entry + 8));
            }
            int tag = in.u16(entry);
            if (size == 0 || !KNOWN.contains(tag) || (tag == ORIENTATION && size != 2)) {
                continue;
            }
            if (size != 2 && SHORTS.contains(tag)) {
                throw FormatException.unsupported("TIFF whose field " + tag + " has no 16-bit numbers");
            }
            if (fields.containsKey(tag)) {
                throw FormatException.unsupported("TIFF with two fields " + tag);
            }
            if (count > MAX_VALUES) {
                throw FormatException.unsupported("TIFF with " + count + " values in a field");
            }
            if (count > in.length() / size) {
                throw FormatException.corrupt("a TIFF field has " + count + " values, more than fit into the file");
            }
            long at = count * size <= 4 ? entry + 8 : in.u32(entry + 8);
            long[] values = new long[(int) count];
            for (int k = 0; k < count; k++) {
                long from = at + (long) k * size;
                values[k] = size == 1 ? in.u8(from) : size == 2 ? in.u16(from) : in.u32(from);
            }
            fields.put(tag, values);
            if (tag == PREDICTOR) {
                predictorAt = at;
            }
        }
    }

    private static boolean isUnusual(Bytes in, long fractions) throws FormatException {
        boolean unusual = false;
        for (int c = 0; c < 3; c++) {
            double coefficient = (double) in.u32(fractions + 8L * c) / in.u32(fractions + 8L * c + 4);
            unusual |= !(Math.abs(coefficient - LUMINANCE[c]) < 0.001);
        }
        return unusual;
    }

    private long value(int tag, long fallback) {
        long[] values = fields.getOrDefault(tag, new long[0]);
        return values.length == 0 ? fallback : values[0];
    }

    private long size(int tag) {
        return Math.min(value(tag, 0), Integer.MAX_VALUE);
    }

    private void checkKind() throws FormatException {
        long compression = value(COMPRESSION, 1);
        String kind = "TIFF with photometric interpretation " + photometric + ", " + samples + " x " + bits
                + " bits, compression " + COMPRESSIONS.getOrDefault((int) compression, Long.toString(compression));
        boolean jpeg = compression == StripCheck.JPEG;
        boolean whole = bits == 8 || bits == 16;
        boolean fraction = bits == 1 || bits == 2 || bits == 4; // of a byte
        boolean known = switch (photometric) {
            case WHITE_IS_ZERO, BLACK_IS_ZERO ->
                (samples == 1 || (samples == 2 && !jpeg)) && (whole || (fraction && samples == 1));
            case RGB -> (samples == 3 || samples == 4) && whole;
            case INDEXED -> (samples == 1 || (samples == 2 && bits == 8)) && (fraction || bits == 8);
            case CMYK -> samples == 4 && whole;
            case YCBCR -> samples == 3 && bits == 8 && jpeg;
            default -> false;
        };
        boolean sameBits = Arrays.stream(fields.getOrDefault(BITS, new long[0])).allMatch(b -> b == bits);
        boolean unsigned =
                Arrays.stream(fields.getOrDefault(SAMPLE_FORMAT, new long[0])).allMatch(f -> f == 1);
        boolean bilevelCode = compression >= 2 && compression <= 4;
        if (!known
                || !sameBits
                || !unsigned
                || !COMPRESSIONS.containsKey((int) compression)
                || (bilevelCode && bits != 1)
                || (value(FILL_ORDER, 1) != 1 && !bilevelCode)
                || (value(PLANES, 1) != 1 && bits == 16 && compression == 1)
                || (hasWideDifferences() && photometric == WHITE_IS_ZERO) // which the reader inverts
                || (jpeg && samples > 3)
                || (photometric == YCBCR && unusualLuminance)
                || (photometric == INDEXED && fields.getOrDefault(PALETTE, new long[0]).length != 3 << bits)) {
            throw FormatException.unsupported(kind);
        }
    }

    private void checkData(Bytes in) throws FormatException {
        long[] starts = fields.getOrDefault(STRIPS, fields.getOrDefault(TILES, new long[0]));
        long[] sizes = fields.getOrDefault(STRIP_SIZES, fields.getOrDefault(TILE_SIZES, new long[0]));
        if (starts.length == 0 || starts.length != sizes.length) {
            throw FormatException.corrupt(
                    "the TIFF has " + starts.length + " strips or tiles but " + sizes.length + " sizes");
        }
        boolean tiled = fields.containsKey(TILES);
        if (tiled) {
            long across = (width - 1) / Math.max(1, size(TILE_WIDTH)) + 1;
            long down = (height - 1) / Math.max(1, size(TILE_HEIGHT)) + 1;
            long tiles = across * down * (value(PLANES, 1) == 1 ? 1 : samples);
            if (starts.length != tiles) {
                throw FormatException.corrupt("the TIFF has " + starts.length + " tiles instead of " + tiles);
            }
            double pixels = (double) tiles * size(TILE_WIDTH) * size(TILE_HEIGHT);
            if (pixels > 4.0 * samples * Math.max(MAX_TILE, (long) width * height)) {
                throw FormatException.unsupported("TIFF with tiles of " + size(TILE_WIDTH) + " x " + size(TILE_HEIGHT)
                        + " pixels in an image of " + width + " x " + height);
            }
        }
        long total = 0;
        for (int i = 0; i < starts.length; i++) {
            if (!in.has(starts[i] + sizes[i])) {
                throw FormatException.truncated("the TIFF ends inside its image data");
            }
            total += sizes[i];
        }
        if (total > in.length()) {
            throw FormatException.corrupt("the TIFF's strips or tiles overlap");
        }
        long row = ((long) width * samples * bits + 7) / 8;
        if (value(COMPRESSION, 1) == 1 && total < row * height) {
            throw FormatException.truncated(
                    "the TIFF has " + total + " bytes of image data instead of " + row * height);
        }
        for (int i = 0; i < starts.length; i++) {
            StripCheck.check(
                    in.slice(starts[i], (int) sizes[i]), (int) value(COMPRESSION, 1), bytesOf(i, starts.length, tiled));
        }
    }

    /** The size of a strip or tile that is not compressed. */
    private long bytesOf(int number, int count, boolean tiled) {
        long rows;
        long columns;
        if (tiled) {
            columns = size(TILE_WIDTH);
            rows = size(TILE_HEIGHT);
        } else {
            int planes = value(PLANES, 1) == 1 ? 1 : samples;
            long most = Math.max(1, Math.min(value(ROWS_PER_STRIP, height), height));
            long inPlane = number % Math.max(1, count / planes);
            columns = width;
            rows = Math.max(0, Math.min(most, height - inPlane * most));
        }
        return (columns * (value(PLANES, 1) == 1 ? samples : 1) * bits + 7) / 8 * rows;
    }

    /** Whether the file has differences of 16-bit values, which the JDK's reader does not add up. */
    private boolean hasWideDifferences() {
        return bits == 16 && value(PREDICTOR, 1) == DIFFERENCES && WITH_PREDICTOR.contains((int) value(COMPRESSION, 1));
    }

    /** The file for the JDK's reader, which then returns the differences as they are. */
    private ByteBuffer content(Bytes in) throws FormatException {
        ByteBuffer file = in.slice(0, in.length());
        if (!hasWideDifferences()) {
            return file;
        }
        ByteBuffer copy = ByteBuffer.allocate(in.length()).order(file.order()).put(file);
        copy.putShort((int) predictorAt, (short) 1);
        return copy.rewind();
    }

    /** Adds up the differences of a row; each row of a tile starts anew. */
    private void addUp(int[] row, int step) {
        int tile = fields.containsKey(TILES) ? (int) size(TILE_WIDTH) : width;
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < step && x % tile > 0; c++) {
                row[x * step + c] = (row[x * step + c] + row[(x - 1) * step + c]) & 0xFFFF;
            }
        }
    }

    private RgbImage pixels(Raster raster) throws FormatException {
        if (raster.getWidth() != width || raster.getHeight() != height || raster.getNumBands() < samples) {
            throw FormatException.corrupt("the TIFF decodes to " + raster.getWidth() + " x " + raster.getHeight()
                    + " pixels with " + raster.getNumBands() + " channels");
        }
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[raster.getNumBands() * width];
        long[] palette = fields.getOrDefault(PALETTE, new long[0]);
        int step = raster.getNumBands();
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            if (hasWideDifferences()) {
                addUp(row, step);
            }
            for (int x = 0; x < width; x++, to += 3) {
                color(row, x * step, palette, rgb, to);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    private void color(int[] row, int at, long[] palette, byte[] rgb, int to) {
        switch (photometric) {
            case WHITE_IS_ZERO, BLACK_IS_ZERO -> grey(rgb, to, eight(row[at])); // the reader inverts the former
            case INDEXED -> {
                for (int c = 0; c < 3; c++) {
                    rgb[to + c] = (byte) (palette[(c << bits) + row[at]] >> 8);
                }
            }
            case CMYK ->
                StoredValues.cmyk(eight(row[at]), eight(row[at + 1]), eight(row[at + 2]), eight(row[at + 3]), rgb, to);
            default -> {
                int alpha = samples == 4 && value(EXTRA, 0) == PREMULTIPLIED ? eight(row[at + 3]) : 255;
                for (int c = 0; c < 3; c++) {
                    int value = eight(row[at + c]);
                    rgb[to + c] = (byte) (alpha == 0 ? 0 : Math.min(255, value * 255 / alpha));
                }
            }
        }
    }

    private int eight(int value) {
        return bits == 16 ? value >> 8 : value * 255 / ((1 << bits) - 1);
    }

    private static void grey(byte[] rgb, int at, int value) {
        rgb[at] = rgb[at + 1] = rgb[at + 2] = (byte) value;
    }
}
