package io.github.resdensenet.data.format;

import io.github.resdensenet.transforms.RgbImage;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A picture file whose structure was read and found whole.
 *
 * @param format what it is, by its content
 * @param width in pixels, as it is stored
 * @param height in pixels
 * @param orientation the EXIF orientation, 1 to 8; 1 where the file says none
 * @param content the file reduced to what a decoder needs: no metadata, no further frames
 * @param pixels gives the pixels of a format that is read here; empty where a native decoder has to
 */
public record ImageFile(
        Format format, int width, int height, int orientation, ByteBuffer content, Optional<Pixels> pixels) {
    /** Pictures of more pixels are refused, as Pillow does. */
    public static final long MAX_PIXELS = 178_956_970;

    /** Heap that reading takes at its peak, for the pixels and their copies. */
    private static final int BYTES_PER_PIXEL = 12;

    /** The pixels of a file whose structure is known. */
    public interface Pixels {
        /**
         * Decodes them.
         *
         * @throws FormatException if the picture data are damaged
         */
        RgbImage decode() throws FormatException;
    }

    /** The formats, told by their first bytes. */
    public enum Format {
        /** Grey, three colour channels or four, baseline or progressive. */
        JPEG,
        /** Every colour type and depth. */
        PNG,
        /** Windows bitmap of 1, 4, 8, 24 or 32 bits. */
        BMP,
        /** The first frame. */
        GIF,
        /** Lossy or lossless; of an animation the first frame. */
        WEBP,
        /** The first page. */
        TIFF,
        /** PBM, PGM and PPM. */
        PNM
    }

    /** A file for a native decoder. */
    ImageFile(Format format, int width, int height, int orientation, ByteBuffer content) {
        this(format, width, height, orientation, content, Optional.empty());
    }

    /** A file of a format that is read here. */
    ImageFile(Format format, int width, int height, int orientation, Pixels pixels) {
        this(format, width, height, orientation, ByteBuffer.allocate(0), Optional.of(pixels));
    }

    /**
     * Reads the structure of a file.
     *
     * @param file all of its bytes
     * @throws FormatException if it is no picture of a known format, is damaged, or is too large
     */
    public static ImageFile of(ByteBuffer file) throws FormatException {
        if (file.limit() == 0) {
            throw new FormatException("the file is empty");
        }
        Bytes in = new Bytes(file);
        if (in.startsWith("\u0089PNG\r\n\u001A\n")) {
            return Png.check(in);
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
        throw new FormatException("not a picture of a known format (JPEG, PNG, BMP, GIF, WebP, TIFF, PBM, PGM, PPM)");
    }

    /** Refuses sizes that no picture has, or for which there is no memory. */
    static void checkSize(long width, long height) throws FormatException {
        if (width <= 0 || height <= 0) {
            throw FormatException.damaged("the header says " + width + " x " + height + " pixels");
        }
        long most = Math.min(MAX_PIXELS, Runtime.getRuntime().maxMemory() / BYTES_PER_PIXEL);
        if (width > most || height > most || width * height > most) {
            throw new FormatException("the header says " + width + " x " + height + " pixels, more than " + most
                    + (most < MAX_PIXELS ? ", the most that this heap has room for" : ""));
        }
    }
}
