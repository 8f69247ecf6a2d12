package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.awt.image.Raster;
import java.util.Arrays;
import java.util.Map;
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
    private static final int PLANES = 284;
    private static final int PALETTE = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILES = 324;
    private static final int TILE_SIZES = 325;
    private static final int EXTRA = 338;
    private static final int SAMPLE_FORMAT = 339;
    private static final int COEFFICIENTS = 529;
    /** Red, green and blue in the luminance, as in JFIF. */
    private static final double[] LUMINANCE = {0.299, 0.587, 0.114};

    private static final int JPEG = 7;
    private static final Map<Integer, String> COMPRESSIONS = Map.of(
            1,
            "none",
            2,
            "CCITT RLE",
            3,
            "CCITT group 3",
            4,
            "CCITT group 4",
            5,
            "LZW",
            JPEG,
            "JPEG",
            8,
            "deflate",
            32773,
            "PackBits",
            32946,
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

    private Tiff(Bytes file) throws FormatException {
        Bytes in = file.startsWith("II") ? file.littleEndian() : file;
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

    static ImageFile check(Bytes in) throws FormatException {
        Tiff tiff = new Tiff(in);
        long orientation = tiff.value(ORIENTATION, 1);
        return new ImageFile(
                Format.TIFF,
                tiff.width,
                tiff.height,
                orientation >= 1 && orientation <= 8 ? (int) orientation : 1,
                () -> tiff.pixels(StoredValues.read("tiff", in.slice(0, in.length()))));
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
            if (size == 0 || (in.u16(entry) == ORIENTATION && size != 2)) {
                continue;
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
            fields.put(in.u16(entry), values);
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
        boolean jpeg = compression == JPEG;
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
        if (fields.containsKey(TILES)) {
            long across = (width - 1) / Math.max(1, size(TILE_WIDTH)) + 1;
            long down = (height - 1) / Math.max(1, size(TILE_HEIGHT)) + 1;
            long tiles = across * down * (value(PLANES, 1) == 1 ? 1 : samples);
            if (starts.length != tiles) {
                throw FormatException.corrupt("the TIFF has " + starts.length + " tiles instead of " + tiles);
            }
        }
        long total = 0;
        for (int i = 0; i < starts.length; i++) {
            if (!in.has(starts[i] + sizes[i])) {
                throw FormatException.truncated("the TIFF ends inside its image data");
            }
            total += sizes[i];
        }
        long row = ((long) width * samples * bits + 7) / 8;
        if (value(COMPRESSION, 1) == 1 && total < row * height) {
            throw FormatException.truncated(
                    "the TIFF has " + total + " bytes of image data instead of " + row * height);
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
