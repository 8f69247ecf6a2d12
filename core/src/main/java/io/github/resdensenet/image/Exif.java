package io.github.resdensenet.image;

import java.nio.ByteBuffer;

/** Reads the orientation tag from EXIF data, which has the structure of a TIFF file without pixels. */
final class Exif {
    private static final int ORIENTATION = 274;

    private Exif() {}

    /**
     * Returns the orientation, 1 to 8. Missing or invalid metadata counts as 1 (upright), so that it never makes an
     * image unreadable.
     */
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
