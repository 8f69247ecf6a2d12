package io.github.resdensenet.data.format;

import java.nio.ByteBuffer;

/** The orientation in EXIF data, which are a TIFF file without pixels. */
final class Exif {
    private static final int ORIENTATION = 274;

    private Exif() {}

    /** The orientation, 1 to 8; 1 where the data say none or make no sense: metadata are no reason to lose a picture. */
    static int orientation(ByteBuffer data) {
        try {
            Bytes in = new Bytes(data.slice());
            if (in.startsWith("Exif\0\0")) {
                in = new Bytes(in.slice(6, in.length() - 6));
            }
            if (in.startsWith("II*\0")) {
                in = in.littleEndian();
            } else if (!in.startsWith("MM\0*")) {
                return 1;
            }
            long directory = in.u32(4);
            int entries = in.u16(directory);
            for (int i = 0; i < entries; i++) {
                long entry = directory + 2 + 12L * i;
                if (in.u16(entry) == ORIENTATION) {
                    int value = in.u16(entry + 8);
                    return value >= 1 && value <= 8 ? value : 1;
                }
            }
            return 1;
        } catch (FormatException e) {
            return 1;
        }
    }
}
