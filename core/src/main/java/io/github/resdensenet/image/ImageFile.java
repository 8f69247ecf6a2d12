package io.github.resdensenet.image;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An image file whose structure has been checked and is complete.
 *
 * @param format the format, detected from the content
 * @param width stored width in pixels, before the orientation is applied
 * @param height stored height in pixels, before the orientation is applied
 * @param orientation the EXIF orientation, 1 to 8; 1 if the file has none
 * @param content the file without metadata and further frames, for a native decoder; empty if {@code pixels} is present
 * @param pixels decodes the pixels in Java; empty if the format needs a native decoder
 */
record ImageFile(Format format, int width, int height, int orientation, ByteBuffer content, Optional<Pixels> pixels) {
    /** The largest number of pixels per image, as in Pillow; larger images are rejected. */
    public static final long MAX_PIXELS = 178_956_970;

    /** First characters and names of formats that are not supported. */
    private static final String[][] OTHER_FORMATS = {
        {"II+\0", "BigTIFF"},
        {"MM\0+", "BigTIFF"},
        {"\0\0\1\0", "ICO"},
        {"\0\0\0\fjP  ", "JPEG 2000"},
        {"\u00ffO\u00ffQ", "JPEG 2000"},
        {"\u00ff\n", "JPEG XL"},
        {"qoif", "QOI"},
        {"P7", "PAM"},
        {"8BPS", "Photoshop"},
        {"%PDF", "PDF"},
        {"<svg", "SVG"}
    };

    /** Peak heap use per pixel while decoding, in bytes, including temporary copies. */
    private static final int BYTES_PER_PIXEL = 12;

    /** Decodes the pixels of a file whose structure has been checked. */
    public interface Pixels {
        /**
         * Decodes the pixels.
         *
         * @throws FormatException if the image data is corrupt
         */
        RgbImage decode() throws FormatException;
    }

    /** The supported formats, detected by their first bytes. */
    public enum Format {
        /** Grey-scale, three or four colour channels; baseline or progressive. */
        JPEG,
        /** All colour types and bit depths. */
        PNG,
        /** Windows bitmap with 1, 4, 8, 24 or 32 bits per pixel. */
        BMP,
        /** Only the first frame. */
        GIF,
        /** Lossy or lossless; only the first frame of an animation. */
        WEBP,
        /** Only the first page. */
        TIFF,
        /** PBM, PGM and PPM. */
        PNM
    }

    /** Creates a file for a native decoder. */
    ImageFile(Format format, int width, int height, int orientation, ByteBuffer content) {
        this(format, width, height, orientation, content, Optional.empty());
    }

    /** Creates a file that is decoded in Java. */
    ImageFile(Format format, int width, int height, int orientation, Pixels pixels) {
        this(format, width, height, orientation, ByteBuffer.allocate(0), Optional.of(pixels));
    }

    /** The name of a format that is recognised but not supported, followed by a comma; "" for other content. */
    private static String otherFormat(Bytes in) throws FormatException {
        for (String[] format : OTHER_FORMATS) {
            if (in.startsWith(format[0])) {
                return format[1] + ", ";
            }
        }
        return in.has(8) && in.text(4, 4).equals("ftyp") ? "AVIF, HEIC or a video, " : "";
    }

    /**
     * Reads and checks the structure of an image file.
     *
     * @param file the complete content of the file
     * @throws FormatException if the file is corrupt, truncated, too large, or not an image in a supported format
     */
    public static ImageFile of(ByteBuffer file) throws FormatException {
        if (file.limit() == 0) {
            throw new FormatException("the file is empty");
        }
        Bytes in = new Bytes(file);
        if (in.startsWith("\u0089PNG\r\n\u001A\n")) {
            return PngFile.check(in);
        }
        if (in.startsWith("\u00FF\u00D8\u00FF")) {
            return Jpeg.check(in);
        }
        if (in.startsWith("GIF87a") || in.startsWith("GIF89a")) {
            return Gif.check(in);
        }
        if (in.startsWith("RIFF") && in.has(12) && in.text(8, 4).equals("WEBP")) {
            return WebP.check(in);
        }
        if (in.startsWith("II*\0") || in.startsWith("MM\0*")) {
            return Tiff.check(in);
        }
        if (in.startsWith("BM")) {
            return Bmp.check(in);
        }
        if (in.has(3) && in.u8(0) == 'P' && in.u8(1) >= '1' && in.u8(1) <= '6' && Pnm.isSpace(in.u8(2))) {
            return Pnm.check(in);
        }
        throw new FormatException(otherFormat(in)
                + "not an image in a supported format (JPEG, PNG, BMP, GIF, WebP, TIFF, PBM, PGM, PPM)");
    }

    /** Rejects invalid sizes, and sizes that exceed {@link #MAX_PIXELS} or the memory of the heap. */
    static void checkSize(long width, long height) throws FormatException {
        if (width <= 0 || height <= 0) {
            throw FormatException.corrupt("invalid size in the header: " + width + " x " + height + " pixels");
        }
        long most = Math.min(MAX_PIXELS, Runtime.getRuntime().maxMemory() / BYTES_PER_PIXEL);
        if (width > most || height > most || width * height > most) {
            throw new FormatException("image of " + width + " x " + height + " pixels is too large, at most " + most
                    + " pixels are allowed" + (most < MAX_PIXELS ? " (increase the Java heap with -Xmx)" : ""));
        }
    }
}
