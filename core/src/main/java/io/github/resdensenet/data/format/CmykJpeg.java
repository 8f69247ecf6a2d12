package io.github.resdensenet.data.format;

import io.github.resdensenet.transforms.RgbImage;
import java.awt.image.Raster;

/** JPEG of four channels: CMYK, or YCCK, which is CMY turned into luminance and colour differences. */
public final class CmykJpeg {
    private CmykJpeg() {}

    /**
     * The pixels of a checked four-channel JPEG, as Pillow gives them: where Adobe's marker is there, values are inverted.
     *
     * @throws FormatException if its picture data are damaged
     */
    public static RgbImage decode(ImageFile file) throws FormatException {
        int transform = adobeTransform(new Bytes(file.content()));
        Raster raster = StoredValues.read("jpeg", file.content());
        if (raster.getNumBands() != 4 || raster.getWidth() != file.width() || raster.getHeight() != file.height()) {
            throw FormatException.damaged("the JPEG's data have " + raster.getNumBands() + " channels");
        }
        byte[] rgb = new byte[3 * file.width() * file.height()];
        int[] row = new int[4 * file.width()];
        for (int y = 0, to = 0; y < file.height(); y++) {
            raster.getPixels(0, y, file.width(), 1, row);
            for (int i = 0; i < row.length; i += 4, to += 3) {
                if (transform >= 0) {
                    for (int c = 0; c < 4; c++) {
                        row[i + c] = 255 - row[i + c];
                    }
                }
                StoredValues.cmyk(row[i], row[i + 1], row[i + 2], row[i + 3], rgb, to);
            }
        }
        return new RgbImage(file.width(), file.height(), rgb);
    }

    /** Adobe's colour transform, 2 for YCCK; -1 without Adobe's marker. */
    private static int adobeTransform(Bytes in) throws FormatException {
        for (long at = 2; in.u8(at + 1) != 0xDA; at += 2 + in.u16(at + 2)) {
            if (in.u8(at + 1) == 0xEE
                    && in.u16(at + 2) >= 14
                    && in.text(at + 4, 5).equals("Adobe")) {
                return in.u8(at + 15);
            }
        }
        return -1;
    }
}
