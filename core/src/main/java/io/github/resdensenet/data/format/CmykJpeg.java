package io.github.resdensenet.data.format;

import io.github.resdensenet.transforms.RgbImage;
import java.awt.image.Raster;
import java.nio.ByteBuffer;

/** JPEG of four channels: CMYK, or YCCK, which is CMY turned into luminance and colour differences. */
final class CmykJpeg {
    private CmykJpeg() {}

    /**
     * The pixels of a checked four-channel JPEG, as Pillow gives them.
     *
     * @param inverted whether 255 is no ink, as in files with Adobe's marker
     */
    static RgbImage decode(ByteBuffer file, int width, int height, boolean inverted) throws FormatException {
        Raster raster = StoredValues.read("jpeg", file);
        if (raster.getNumBands() != 4 || raster.getWidth() != width || raster.getHeight() != height) {
            throw FormatException.damaged("the JPEG's data have " + raster.getNumBands() + " channels");
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
