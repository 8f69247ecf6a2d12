package io.github.resdensenet.image;

import io.github.resdensenet.image.ImageFile.Format;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Checks the structure of a JPEG file (ITU T.81) and copies it without metadata.
 *
 * <p>The check covers the marker segments and all scans up to the end-of-image marker, including their Huffman codes.
 *
 * <p>libjpeg pads missing image data with grey, prints a warning and reports success. This check therefore rejects
 * truncated files before libjpeg decodes them.
 */
final class Jpeg {
    private static final int SOF0 = 0xC0;
    private static final int SOF2 = 0xC2;
    private static final int DHT = 0xC4;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int DQT = 0xDB;
    private static final int DRI = 0xDD;
    private static final int APP0 = 0xE0;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;

    /** Limits decoding time: each scan of a progressive JPEG is a pass over the whole image. */
    private static final int MAX_SCANS = 100;

    /** Largest initial size of the copy; most of a longer file may be other data. */
    private static final int COPY_AT_FIRST = 16 << 20;

    /** Most bytes between the segments before the image data. */
    private static final int MAX_EXTRA = 1 << 16;

    private final Bytes in;
    private final ByteArrayOutputStream out;
    private final HuffmanTable[] dc = new HuffmanTable[4];
    private final HuffmanTable[] ac = new HuffmanTable[4];
    private @Nullable JpegFrame frame;
    private int restartInterval;
    private int orientation = 1;
    /** The colour transform in the Adobe segment; -1 without a segment. */
    private int transform = -1;

    private int scans;
    private int extra;

    private Jpeg(Bytes in) {
        this.in = in;
        this.out = new ByteArrayOutputStream(Math.min(in.length(), COPY_AT_FIRST));
        out.write(0xFF);
        out.write(0xD8);
    }

    static ImageFile check(Bytes in) throws FormatException {
        return new Jpeg(in).read();
    }

    private ImageFile read() throws FormatException {
        long at = 2;
        while (true) {
            if (!in.has(at + 2)) {
                throw FormatException.truncated("the JPEG has no end-of-image marker");
            }
            int marker = in.u8(at + 1);
            if (in.u8(at) != 0xFF || marker == 0) { // some cameras and editors leave bytes between segments
                if (scans > 0 || ++extra > MAX_EXTRA) {
                    throw FormatException.corrupt("the JPEG has no marker at byte " + at);
                }
                at++;
                continue;
            }
            if (marker == 0xFF) { // a fill byte
                at++;
            } else if (marker == EOI) {
                return finish();
            } else if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {
                at += 2; // without parameters, meaningless between segments
            } else {
                at = segment(marker, at);
            }
        }
    }

    /**
     * Reads the segment at a position, and the scan after the segment if there is one.
     *
     * @return the position of the next marker
     */
    private long segment(int marker, long at) throws FormatException {
        int length = in.has(at + 4) ? in.u16(at + 2) : 0;
        if (!in.has(at + 2 + Math.max(2, length))) {
            throw FormatException.truncated("the JPEG ends inside a segment");
        }
        if (length < 2) {
            throw FormatException.corrupt("a JPEG segment has length " + length + ", must be at least 2");
        }
        ByteBuffer body = in.slice(at + 4, length - 2);
        long next = at + 2 + length;
        boolean kept = true;
        if (marker >= SOF0 && marker <= 0xCF && marker != DHT && marker != 0xC8 && marker != 0xCC) {
            readFrame(marker, body);
        } else {
            switch (marker) {
                case DHT -> readTables(body);
                case DRI -> restartInterval = length == 4 ? body.getShort(0) & 0xFFFF : 0;
                case DQT -> {} // only copied for the decoder
                case APP0 -> {
                    writeJfif(body);
                    kept = false;
                }
                case APP14 -> {
                    kept = isAdobe(body);
                    transform = kept ? new Bytes(body).u8(11) : transform;
                }
                case SOS -> {
                    return scan(body, at, next);
                }
                case 0xCC -> throw FormatException.unsupported("arithmetic-coded JPEG");
                case APP1 -> {
                    int found = Exif.orientation(body);
                    orientation = found == 1 ? orientation : found;
                    kept = false;
                }
                default -> kept = false;
            }
        }
        if (kept) {
            in.copy(at, length + 2, out);
        }
        return next;
    }

    private void readFrame(int marker, ByteBuffer body) throws FormatException {
        if (marker > SOF2) {
            String kind = switch (marker) {
                case 0xC3 -> "lossless";
                case 0xC9, 0xCA, 0xCB -> "arithmetic-coded";
                default -> "hierarchical";
            };
            throw FormatException.unsupported(kind + " JPEG");
        }
        if (frame != null) {
            throw FormatException.corrupt("the JPEG has two frame headers");
        }
        frame = JpegFrame.of(body, marker == SOF2);
    }

    /** Writes a minimal JFIF segment, which tells decoders that the colour space is YCbCr. */
    private void writeJfif(ByteBuffer body) throws FormatException {
        if (new Bytes(body).startsWith("JFIF\0")) {
            out.writeBytes(new byte[] {-1, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
        }
    }

    private static boolean isAdobe(ByteBuffer body) throws FormatException {
        Bytes segment = new Bytes(body);
        if (segment.length() < 12 || !segment.startsWith("Adobe")) {
            return false;
        }
        if (segment.u8(11) > 2) {
            throw FormatException.corrupt(
                    "the JPEG has the Adobe colour transform " + segment.u8(11) + ", must be 0, 1 or 2");
        }
        return true;
    }

    private void readTables(ByteBuffer body) throws FormatException {
        while (body.remaining() > 0) {
            if (body.remaining() < 17) {
                throw FormatException.corrupt("a JPEG Huffman table is incomplete");
            }
            int id = body.get();
            if ((id & 0xEF) > 3) {
                throw FormatException.corrupt("invalid JPEG Huffman table number " + id);
            }
            HuffmanTable table = HuffmanTable.of(body);
            (id < 16 ? dc : ac)[id & 3] = table;
        }
    }

    private long scan(ByteBuffer body, long header, long at) throws FormatException {
        if (frame == null) {
            throw FormatException.corrupt("the JPEG has image data before its frame header");
        }
        if (++scans > MAX_SCANS) {
            throw new FormatException("the JPEG has too many scans, at most " + MAX_SCANS + " are allowed");
        }
        JpegScan scan = JpegScan.of(frame, body, dc, ac, restartInterval);
        if (frame.progressive()) {
            in.copy(header, (int) (at - header), out);
        } else {
            in.copy(header, (int) (at - header) - 3, out);
            out.writeBytes(new byte[] {0, 63, 0}); // the only valid values in a baseline JPEG
        }
        return scan.read(in, at, out);
    }

    private ImageFile finish() throws FormatException {
        if (frame == null || scans == 0) {
            throw FormatException.corrupt("the JPEG ends before its image data");
        }
        frame.checkComplete();
        out.write(0xFF);
        out.write(EOI);
        JpegFrame checked = frame;
        ByteBuffer cleaned = ByteBuffer.wrap(out.toByteArray());
        return checked.components().size() == 4
                ? new ImageFile(
                        Format.JPEG,
                        checked.width(),
                        checked.height(),
                        orientation,
                        () -> CmykJpeg.decode(cleaned, checked.width(), checked.height(), transform))
                : new ImageFile(Format.JPEG, checked.width(), checked.height(), orientation, cleaned);
    }
}
