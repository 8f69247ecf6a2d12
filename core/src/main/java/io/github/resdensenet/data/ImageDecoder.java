package io.github.resdensenet.data;

import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imdecode;

import io.github.resdensenet.data.format.FormatException;
import io.github.resdensenet.data.format.ImageFile;
import io.github.resdensenet.transforms.Orientation;
import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Files to RGB pixels, equal to Pillow's {@code Image.open(file).convert("RGB")}: grey becomes three equal channels,
 * palettes are looked up, alpha is dropped, colour profiles are not applied. Two rules are not Pillow's: 16-bit grey is
 * scaled (Pillow clips it to white), and a damaged file is refused (Pillow gives what it has).
 */
public final class ImageDecoder {
    /** Files up to this size are read, larger ones mapped, so that they take no heap. */
    private static final long READ_AT_MOST = 16L << 20;

    static {
        opencv_core.setNumThreads(1); // the loader's own threads are the parallelism
    }

    private ImageDecoder() {}

    /**
     * Decodes a file.
     *
     * @param upright whether to turn it as its EXIF orientation says; a TIFF is turned in any case, as in Pillow
     * @throws ImageException if it is no whole picture of a known format
     * @throws IOException if it cannot be read
     */
    public static RgbImage decode(Path file, boolean upright) throws IOException {
        return decode(file, content(file), upright);
    }

    /**
     * The bytes of a file.
     *
     * @throws ImageException if it is no file, or too large
     */
    public static ByteBuffer content(Path file) throws IOException {
        BasicFileAttributes about = Files.readAttributes(file, BasicFileAttributes.class);
        if (!about.isRegularFile()) { // opening a pipe would wait for its other end
            throw new ImageException(file, "not a file");
        }
        if (about.size() > Integer.MAX_VALUE) {
            throw new ImageException(file, "a file of " + about.size() + " bytes, more than " + Integer.MAX_VALUE);
        }
        if (about.size() <= READ_AT_MOST) {
            return ByteBuffer.wrap(Files.readAllBytes(file));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, about.size());
        }
    }

    /**
     * Decodes the content of a file.
     *
     * @param file for messages
     * @throws ImageException if it is no whole picture of a known format
     */
    public static RgbImage decode(Path file, ByteBuffer content, boolean upright) throws ImageException {
        try {
            ImageFile image = ImageFile.of(content);
            boolean turned = upright || image.format() == ImageFile.Format.TIFF;
            RgbImage stored = image.pixels().isPresent() ? image.pixels().get().decode() : decodeByOpenCv(image);
            return Orientation.upright(stored, turned ? image.orientation() : 1);
        } catch (FormatException e) {
            throw new ImageException(file, String.valueOf(e.getMessage()));
        } catch (OutOfMemoryError e) {
            throw new ImageException(file, "too large for the memory there is");
        }
    }

    private static RgbImage decodeByOpenCv(ImageFile file) throws FormatException {
        try (PointerScope scope = new PointerScope()) {
            BytePointer bytes = new BytePointer(file.content().limit());
            bytes.asBuffer().put(file.content().duplicate().rewind());
            Mat rgb = imdecode(new Mat(bytes, false), IMREAD_COLOR_RGB | IMREAD_IGNORE_ORIENTATION);
            if (rgb.cols() != file.width() || rgb.rows() != file.height()) {
                throw new FormatException("damaged: the decoder gives no picture");
            }
            byte[] pixels = new byte[rgb.rows() * rgb.cols() * 3];
            rgb.data().get(pixels);
            return new RgbImage(rgb.cols(), rgb.rows(), pixels);
        } catch (RuntimeException e) { // OpenCV's own exceptions
            throw new FormatException("damaged: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }
}
