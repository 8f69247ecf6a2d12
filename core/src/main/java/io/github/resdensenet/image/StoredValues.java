package io.github.resdensenet.image;

import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Reads raw pixel values with the readers of the JDK, before any colour conversion. */
final class StoredValues {
    /** Warnings that do not concern the pixels. */
    private static final Pattern HARMLESS =
            Pattern.compile("ICC profile|assuming no compression|should begin with EOL");

    private StoredValues() {}

    /** Reads the values of the first image. Warnings and exceptions of the reader mean that the file is corrupt. */
    static Raster read(String format, ByteBuffer content) throws FormatException {
        byte[] bytes = new byte[content.limit()];
        content.duplicate().rewind().get(bytes);
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            String[] warning = {""};
            reader.addIIOReadWarningListener(
                    (source, text) -> warning[0] = HARMLESS.matcher(text).find() ? warning[0] : text);
            reader.setInput(in, true, true);
            Raster raster = reader.canReadRaster()
                    ? reader.readRaster(0, null)
                    : reader.read(0).getRaster();
            if (!warning[0].isEmpty()) {
                throw FormatException.corrupt("the decoder reports: " + warning[0]);
            }
            return raster;
        } catch (IOException e) {
            throw FormatException.corrupt("the decoder reports: " + e.getMessage());
        } catch (RuntimeException e) { // the reader does not validate everything it reads
            throw FormatException.corrupt("the image data cannot be decoded");
        } finally {
            reader.dispose();
        }
    }

    /** Converts CMYK to RGB as Pillow's {@code convert("RGB")}, without a colour profile. 255 is full ink. */
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
