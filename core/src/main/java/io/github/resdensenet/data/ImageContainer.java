package io.github.resdensenet.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What a file's own structure says, read before any pixel memory is taken: the format by content, the size in the
 * header, and whether the file is whole. Decoders return a picture for a file cut in the middle; this does not.
 */
final class ImageContainer {
    /** Larger pictures are refused. */
    static final long MAX_PIXELS = 1L << 28;

    private static final long PNG = 0x89504E470D0A1A0AL;

    private ImageContainer() {}

    /** Why the bytes are refused, or null if nothing speaks against decoding them. */
    static @Nullable String fault(byte[] file) {
        if (file.length == 0) {
            return "the file is empty";
        }
        ByteBuffer in = ByteBuffer.wrap(file);
        if (file.length >= 8 && in.getLong(0) == PNG) {
            return png(in);
        }
        if (file.length >= 3 && (file[0] & 255) == 0xFF && (file[1] & 255) == 0xD8 && (file[2] & 255) == 0xFF) {
            return jpeg(in);
        }
        if (starts(file, "BM") || webp(file) || starts(file, "II*\0") || starts(file, "MM\0*") || netpbm(file)) {
            return null;
        }
        return "not a picture of a known format (JPEG, PNG, BMP, WebP, TIFF, PGM, PPM)";
    }

    private static boolean starts(byte[] file, String magic) {
        if (file.length < magic.length()) {
            return false;
        }
        for (int i = 0; i < magic.length(); i++) {
            if (file[i] != (byte) magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean webp(byte[] file) {
        return starts(file, "RIFF")
                && file.length > 12
                && new String(file, 8, 4, StandardCharsets.ISO_8859_1).equals("WEBP");
    }

    private static boolean netpbm(byte[] file) {
        return file.length > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6' && Character.isWhitespace(file[2]);
    }

    private static @Nullable String size(long width, long height) {
        if (width == 0 || height == 0) {
            return "the header says " + width + " x " + height + " pixels";
        }
        return width * height > MAX_PIXELS
                ? "the header says " + width + " x " + height + " pixels, more than " + MAX_PIXELS
                : null;
    }

    /** Chunks of length, type, data and CRC, from IHDR to IEND. */
    private static @Nullable String png(ByteBuffer in) {
        int at = 8;
        boolean header = false;
        while (in.limit() - at >= 12) {
            long length = in.getInt(at) & 0xFFFFFFFFL;
            int type = in.getInt(at + 4);
            if (length > in.limit() - at - 12L) {
                return "truncated: the PNG ends inside a chunk";
            }
            CRC32 crc = new CRC32();
            crc.update(in.slice(at + 4, (int) length + 4));
            if ((int) crc.getValue() != in.getInt(at + 8 + (int) length)) {
                return "damaged: wrong checksum in a PNG chunk at byte " + at;
            }
            if (!header) {
                if (type != 0x49484452 || length != 13) {
                    return "damaged: the PNG does not start with its header";
                }
                String fault = size(in.getInt(at + 8) & 0xFFFFFFFFL, in.getInt(at + 12) & 0xFFFFFFFFL);
                if (fault != null) {
                    return fault;
                }
                header = true;
            } else if (type == 0x49454E44) {
                return null;
            }
            at += 12 + (int) length;
        }
        return "truncated: the PNG has no end";
    }

    /** Marker segments, then entropy-coded scans, up to the end-of-image marker. */
    private static @Nullable String jpeg(ByteBuffer in) {
        int at = 2;
        boolean frame = false;
        boolean scan = false;
        while (at + 1 < in.limit()) {
            int marker = in.get(at + 1) & 255;
            if ((in.get(at) & 255) != 0xFF || marker == 0 || (marker >= 0xD0 && marker <= 0xD7)) {
                at++; // entropy-coded data, or bytes between segments that decoders skip
            } else if (marker == 0xFF || marker == 0x01) {
                at += marker == 0xFF ? 1 : 2;
            } else if (marker == 0xD9) {
                return scan ? null : "damaged: the JPEG ends before its picture data";
            } else {
                if (at + 4 > in.limit()) {
                    break;
                }
                int length = in.getShort(at + 2) & 0xFFFF;
                if (length < 2 || at + 2 + length > in.limit()) {
                    break;
                }
                boolean startOfFrame =
                        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
                if (startOfFrame && length >= 8) {
                    String fault = size(in.getShort(at + 7) & 0xFFFF, in.getShort(at + 5) & 0xFFFF);
                    if (fault != null) {
                        return fault;
                    }
                    frame = true;
                }
                if (marker == 0xDA && !frame) {
                    return "damaged: the JPEG has picture data before its header";
                }
                scan |= marker == 0xDA;
                at += 2 + length;
            }
        }
        return "truncated: the JPEG has no end";
    }
}
