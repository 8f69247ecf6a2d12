package io.github.resdensenet.image;

import java.awt.image.Raster;
import java.nio.ByteBuffer;

/** Decodes JPEG files with four channels: CMYK, or YCCK (CMY stored as luminance and colour differences). */
final class CmykJpeg {
    private CmykJpeg() {}

    /**
     * Decodes a four-channel JPEG that has passed the structure check, to the same pixels as Pillow.
     *
     * @param inverted whether 255 means no ink, as in files with an Adobe marker
     * @throws FormatException if the decoder fails or returns another size
     */
    static RgbImage decode(ByteBuffer file, int width, int height, boolean inverted) throws FormatException {
        Raster raster = StoredValues.read("jpeg", file);
        if (raster.getNumBands() != 4 || raster.getWidth() != width || raster.getHeight() != height) {
            throw FormatException.corrupt("the JPEG decodes to " + raster.getWidth() + " x " + raster.getHeight()
                    + " pixels with " + raster.getNumBands() + " channels");
        }
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[4 * width];
        int mask = inverted ? 255 : 0;
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int i = 0; i < row.length; i += 4, to += 3) {
                StoredValues.cmyk(row[i] ^ mask, row[i + 1] ^ mask, row[i + 2] ^ mask, row[i + 3] ^ mask, rgb, to);
            }
        }
        return new RgbImage(width, height, rgb);
    }
}
