package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Checks the RIFF container of a WebP file and extracts the image, or the first frame of an animation.
 *
 * <p>The result is a WebP file with one chunk, without the metadata and alpha chunks.
 */
final class WebP {
    private static final int FRAME_HEADER = 16;
    private static final int MAX_BYTES_PER_PIXEL = 8;
    private static final int MAX_EXTRA = 1 << 20;

    private final Bytes in;
    private long width;
    private long height;
    private int orientation = 1;
    private ByteBuffer image = ByteBuffer.allocate(0);

    private WebP(Bytes in) {
        this.in = in.littleEndian();
    }

    static ImageFile check(Bytes file) throws FormatException {
        WebP webp = new WebP(file);
        long end = 8 + webp.in.u32(4);
        if (!webp.in.has(end)) {
            throw FormatException.truncated("the WebP ends inside its image data");
        }
        webp.readChunks(12, end, false);
        if (webp.image.limit() == 0) {
            throw FormatException.corrupt("the WebP has no image data");
        }
        return new ImageFile(Format.WEBP, (int) webp.width, (int) webp.height, webp.orientation, webp.image);
    }

    private void readChunks(long from, long end, boolean inFrame) throws FormatException {
        for (long at = from; at + 8 <= end; ) {
            String type = in.text(at, 4);
            long size = in.u32(at + 4);
            if (at + 8 + size > end) {
                throw FormatException.truncated("the WebP ends inside a chunk");
            }
            boolean first = image.limit() == 0;
            switch (type) {
                case "VP8X" -> readHeader(at + 8, size);
                case "ANMF" -> {
                    if (inFrame) {
                        throw FormatException.corrupt("the WebP has a frame inside a frame");
                    }
                    if (first) {
                        readFrame(at + 8, size);
                    }
                }
                case "VP8 ", "VP8L" -> {
                    if (first) {
                        readSize(type, at + 8);
                        if (size > MAX_BYTES_PER_PIXEL * width * height + MAX_EXTRA) {
                            throw FormatException.corrupt("the WebP has " + size + " bytes of image data for " + width
                                    + " x " + height + " pixels");
                        }
                        image = still(in.slice(at, (int) (8 + size)));
                    }
                }
                case "EXIF" -> orientation = Exif.orientation(in.slice(at + 8, (int) size));
                default -> {} // colour profile, alpha, metadata
            }
            at += 8 + size + size % 2;
        }
    }

    private void readHeader(long at, long size) throws FormatException {
        if (size < 10) {
            throw FormatException.corrupt("the WebP header has " + size + " bytes, must be at least 10");
        }
        setSize(u24(at + 4) + 1, u24(at + 7) + 1);
    }

    private void readFrame(long at, long size) throws FormatException {
        if (size < FRAME_HEADER + 8) {
            throw FormatException.truncated("the WebP's first frame has " + size + " bytes");
        }
        if (u24(at) != 0 || u24(at + 3) != 0 || u24(at + 6) + 1 != width || u24(at + 9) + 1 != height) {
            throw FormatException.unsupported("animated WebP whose first frame does not cover the canvas");
        }
        readChunks(at + FRAME_HEADER, at + size, true);
    }

    /** Wraps one chunk into a WebP file. */
    private static ByteBuffer still(ByteBuffer chunk) {
        int padded = chunk.limit() + chunk.limit() % 2;
        ByteBuffer file = ByteBuffer.allocate(12 + padded).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {'R', 'I', 'F', 'F'}).putInt(4 + padded);
        file.put(new byte[] {'W', 'E', 'B', 'P'}).put(chunk).rewind();
        return file;
    }

    private long u24(long at) throws FormatException {
        return in.u16(at) | (long) in.u8(at + 2) << 16;
    }

    private void setSize(long newWidth, long newHeight) throws FormatException {
        ImageFile.checkSize(newWidth, newHeight);
        if (width != 0 && (width != newWidth || height != newHeight)) {
            throw FormatException.corrupt("the WebP has conflicting sizes: " + width + " x " + height + " and "
                    + newWidth + " x " + newHeight);
        }
        width = newWidth;
        height = newHeight;
    }

    private void readSize(String type, long at) throws FormatException {
        if (type.equals("VP8L")) {
            if (in.u8(at) != 0x2F) {
                throw FormatException.corrupt("the WebP has no VP8L signature");
            }
            long bits = in.u32(at + 1);
            setSize((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
        } else {
            if (in.u8(at + 3) != 0x9D || in.u8(at + 4) != 0x01 || in.u8(at + 5) != 0x2A) {
                throw FormatException.corrupt("the WebP has no key frame");
            }
            setSize(in.u16(at + 6) & 0x3FFF, in.u16(at + 8) & 0x3FFF);
        }
    }
}
