package io.github.resdensenet.data.format;

import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** What the JDK's readers find in a file before any conversion of colours. */
final class StoredValues {
    private StoredValues() {}

    /** The first picture's values. Warnings of the reader are damage, and so is whatever it throws. */
    static Raster read(String format, ByteBuffer content) throws FormatException {
        byte[] bytes = new byte[content.limit()];
        content.duplicate().rewind().get(bytes);
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            String[] warning = {""};
            reader.addIIOReadWarningListener((source, text) -> warning[0] = text);
            reader.setInput(in, true, true);
            Raster raster = reader.canReadRaster()
                    ? reader.readRaster(0, null)
                    : reader.read(0).getRaster();
            if (!warning[0].isEmpty()) {
                throw FormatException.damaged(warning[0]);
            }
            return raster;
        } catch (IOException e) {
            throw FormatException.damaged("the decoder says " + String.valueOf(e.getMessage()));
        } catch (RuntimeException e) { // the reader has fallen over what it should have checked
            throw FormatException.damaged("the decoder fails: " + e.getClass().getSimpleName());
        } finally {
            reader.dispose();
        }
    }

    /** Ink to light as Pillow's {@code convert("RGB")} does it, without a colour profile; 255 is all the ink. */
    static void cmyk(int c, int m, int y, int k, byte[] rgb, int at) {
        rgb[at] = light(c, k);
        rgb[at + 1] = light(m, k);
        rgb[at + 2] = light(y, k);
    }

    private static byte light(int ink, int black) {
        int product = ink * (255 - black) + 128;
        return (byte) Math.max(0, 255 - black - (((product >> 8) + product) >> 8));
    }
}
