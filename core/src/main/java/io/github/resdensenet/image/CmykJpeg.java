package io.github.resdensenet.image;

import java.awt.image.Raster;
import java.nio.ByteBuffer;

/** Decodes JPEG files with four channels: CMYK, or YCCK (CMY stored as luminance and colour differences). */
final class CmykJpeg {
    private static final int YCCK = 2;
    /** JFIF's factors as multiples of 1/65536. */
    private static final int RED = 91881;

    private static final int GREEN_BLUE = 22554;
    private static final int GREEN_RED = 46802;
    private static final int BLUE = 116130;
    private static final int HALF = 1 << 15;

    private CmykJpeg() {}

    /**
     * Decodes a four-channel JPEG that has passed the structure check, to the same pixels as Pillow. As Adobe, Pillow
     * always takes 255 as no ink.
     *
     * @param transform the colour transform in the Adobe segment: 0 for CMYK, 2 for YCCK; -1 without a segment
     * @throws FormatException if the decoder fails or returns another size
     */
    static RgbImage decode(ByteBuffer file, int width, int height, int transform) throws FormatException {
        if (transform == 1) {
            throw FormatException.corrupt("a JPEG with four channels has the Adobe colour transform 1, must be 0 or 2");
        }
        Raster raster = StoredValues.read("jpeg", file);
        if (raster.getNumBands() != 4 || raster.getWidth() != width || raster.getHeight() != height) {
            throw FormatException.corrupt("the JPEG decodes to " + raster.getWidth() + " x " + raster.getHeight()
                    + " pixels with " + raster.getNumBands() + " channels");
        }
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[4 * width];
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int i = 0; i < row.length; i += 4, to += 3) {
                if (transform == YCCK) {
                    convert(row, i);
                }
                StoredValues.cmyk(255 - row[i], 255 - row[i + 1], 255 - row[i + 2], 255 - row[i + 3], rgb, to);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /** Converts luminance and colour differences to C, M and Y with libjpeg's integer arithmetic. */
    private static void convert(int[] row, int at) {
        int y = row[at];
        int cb = row[at + 1] - 128;
        int cr = row[at + 2] - 128;
        row[at] = clip(255 - y - ((RED * cr + HALF) >> 16));
        row[at + 1] = clip(255 - y - ((-GREEN_BLUE * cb - GREEN_RED * cr + HALF) >> 16));
        row[at + 2] = clip(255 - y - ((BLUE * cb + HALF) >> 16));
    }

    private static int clip(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
