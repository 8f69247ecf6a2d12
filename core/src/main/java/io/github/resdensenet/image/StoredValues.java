package io.github.resdensenet.image;

import io.github.resdensenet.util.Text;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/** Reads raw pixel values with the readers of the JDK, before any colour conversion. */
final class StoredValues {
    /** Warnings that do not concern the pixels. */
    private static final Pattern HARMLESS =
            Pattern.compile("ICC profile|assuming no compression|should begin with EOL");

    /** Reasons that name classes or array positions of the reader. */
    private static final Pattern INTERNAL =
            Pattern.compile("Exception|Error|\\(\\)|(?i:\\bindex\\b)|\\bnull\\b|\\.java");

    private StoredValues() {}

    /** Reads the values of the first image. Warnings and exceptions of the reader mean that the file is corrupt. */
    static Raster read(String format, ByteBuffer content) throws FormatException {
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try (ByteBufferInput in = new ByteBufferInput(content)) {
            String[] warning = {""};
            reader.addIIOReadWarningListener(
                    (source, text) -> warning[0] = HARMLESS.matcher(text).find() ? warning[0] : text);
            reader.setInput(in, true, true);
            Raster raster = reader.canReadRaster()
                    ? reader.readRaster(0, null)
                    : reader.read(0).getRaster();
            if (!warning[0].isEmpty()) {
                throw undecodable(warning[0]);
            }
            return raster;
        } catch (IOException e) {
            throw undecodable(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) { // the reader does not validate everything it reads
            throw undecodable("");
        } finally {
            reader.dispose();
        }
    }

    private static FormatException undecodable(String reason) {
        return FormatException.corrupt("the image data cannot be decoded"
                + (reason.isEmpty() || INTERNAL.matcher(reason).find() ? "" : " (" + Text.printable(reason) + ")"));
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
