package io.github.resdensenet.image;

import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imdecode;

import io.github.resdensenet.util.NativeCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Decodes image files to RGB pixels that are identical to Pillow's {@code Image.open(file).convert("RGB")}.
 *
 * <p>Grey-scale images get three equal channels, palette indices are replaced by their colours, alpha is dropped and
 * colour profiles are ignored.
 *
 * <p>Two rules differ from Pillow. 16-bit grey-scale is scaled to 8 bits, where Pillow clips it to white. Corrupt or
 * truncated files are rejected, where Pillow may return a partial image.
 */
public final class ImageDecoder {
    /** Files up to this many bytes are read into the heap; larger files are memory-mapped. */
    private static final long READ_AT_MOST = 16L << 20;

    static {
        NativeCache.prepare(opencv_imgcodecs.class);
        opencv_core.setNumThreads(1); // callers decode on several threads
    }

    private ImageDecoder() {}

    /**
     * Decodes an image file.
     *
     * @param upright whether to apply the EXIF orientation; TIFF files are always turned upright, as in Pillow
     * @throws ImageException if the file is not a complete image in a supported format
     * @throws IOException if the file cannot be read
     */
    public static RgbImage decode(Path file, boolean upright) throws IOException {
        return decode(file, content(file), upright);
    }

    /**
     * The size of an image as stored, before its orientation is applied.
     *
     * @param width in pixels
     * @param height in pixels
     */
    public record Size(int width, int height) {
        /** The smaller of the two. */
        public int shortSide() {
            return Math.min(width, height);
        }
    }

    /** Returns the size of an image without decoding it; empty if the file cannot be read. */
    public static Optional<Size> size(Path file) {
        try {
            ImageFile image = ImageFile.of(content(file));
            return Optional.of(new Size(image.width(), image.height()));
        } catch (IOException | FormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the bytes of a file, memory-mapped if the file is large.
     *
     * @throws ImageException if the path is a broken link or not a regular file, cannot be opened, or is larger than 2 GiB
     * @throws IOException if the file cannot be read
     */
    public static ByteBuffer content(Path file) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            throw Files.isSymbolicLink(file) ? new ImageException(file, "broken link") : e;
        } catch (FileSystemException e) {
            throw new ImageException(file, "cannot be opened; it may be a link to itself, or without permission");
        }
        if (attributes.isDirectory()) {
            String kind = Files.isSymbolicLink(file)
                    ? "a link to a parent folder, or to a folder listed before"
                    : "a folder, not an image file";
            throw new ImageException(file, Files.isReadable(file) ? kind : "a folder without read permission");
        }
        if (!attributes.isRegularFile()) { // opening a pipe would block
            throw new ImageException(file, "not a regular file (pipe, socket or device)");
        }
        if (!Files.isReadable(file)) {
            throw new ImageException(file, "no read permission");
        }
        if (attributes.size() == 0) { // reading a file of /proc could block
            return ByteBuffer.allocate(0);
        }
        if (attributes.size() > Integer.MAX_VALUE) {
            throw new ImageException(
                    file, "the file has " + attributes.size() + " bytes, must be at most " + Integer.MAX_VALUE);
        }
        if (attributes.size() <= READ_AT_MOST) {
            return ByteBuffer.wrap(Files.readAllBytes(file));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, attributes.size());
        }
    }

    /**
     * Decodes the content of an image file.
     *
     * @param file the path that error messages name
     * @param content the bytes of the file
     * @param upright whether to apply the EXIF orientation; TIFF files are always turned upright, as in Pillow
     * @throws ImageException if the content is not a complete image in a supported format
     * @throws ImageMemoryException if there is too little memory
     */
    public static RgbImage decode(Path file, ByteBuffer content, boolean upright) throws IOException {
        return decode(file, content, upright, Long.MAX_VALUE);
    }

    /**
     * Decodes the content of an image file if the image is not too large.
     *
     * @param file the path that error messages name
     * @param content the bytes of the file
     * @param upright whether to apply the EXIF orientation; TIFF files are always turned upright, as in Pillow
     * @param maxPixels the largest allowed product of height and width
     * @throws ImageException if the content is not a complete image in a supported format, or the image is too large
     * @throws ImageMemoryException if there is too little memory
     */
    public static RgbImage decode(Path file, ByteBuffer content, boolean upright, long maxPixels) throws IOException {
        try {
            ImageFile image = ImageFile.of(content);
            if ((long) image.width() * image.height() > maxPixels) {
                throw new ImageException(
                        file,
                        "the image has " + image.width() + " x " + image.height() + " pixels, must be at most "
                                + maxPixels + " in all");
            }
            boolean turn = upright || image.format() == ImageFile.Format.TIFF;
            RgbImage stored = image.pixels().isPresent() ? image.pixels().get().decode() : decodeByOpenCv(image);
            return Orientation.upright(stored, turn ? image.orientation() : 1);
        } catch (FormatException e) {
            throw new ImageException(file, String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) { // no format nests, so this would be a file made for it
            throw new ImageException(file, "the image data cannot be decoded");
        } catch (OutOfMemoryError e) {
            throw new ImageMemoryException(file);
        }
    }

    private static RgbImage decodeByOpenCv(ImageFile file) throws FormatException {
        try (PointerScope scope = new PointerScope()) {
            BytePointer bytes = new BytePointer(file.content().limit());
            bytes.asBuffer().put(file.content().duplicate().rewind());
            Mat rgb = imdecode(new Mat(bytes, false), IMREAD_COLOR_RGB | IMREAD_IGNORE_ORIENTATION);
            if (rgb.cols() != file.width() || rgb.rows() != file.height()) {
                throw FormatException.corrupt("the image data cannot be decoded");
            }
            byte[] pixels = new byte[rgb.rows() * rgb.cols() * 3];
            rgb.data().get(pixels);
            return new RgbImage(rgb.cols(), rgb.rows(), pixels);
        } catch (RuntimeException e) { // thrown by OpenCV
            throw FormatException.corrupt("the image data cannot be decoded");
        }
    }
}
