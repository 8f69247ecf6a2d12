package io.github.resdensenet.data;

import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imdecode;

import io.github.resdensenet.transforms.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Files to RGB pixels, equal to Pillow's {@code Image.open(file).convert("RGB")}: grey becomes three equal channels, alpha
 * is dropped, the EXIF orientation is not applied. OpenCV's decoders do the work.
 */
public final class ImageDecoder {
    static {
        opencv_core.setNumThreads(1); // the loader's own threads are the parallelism
    }

    private ImageDecoder() {}

    /**
     * Decodes a file.
     *
     * @throws ImageException if it is no whole picture of a known format
     * @throws IOException if it cannot be read
     */
    public static RgbImage decode(Path file) throws IOException {
        return decode(file, Files.readAllBytes(file));
    }

    /** Decodes the content of a file; {@code file} is for messages. */
    static RgbImage decode(Path file, byte[] content) throws ImageException {
        String fault = ImageContainer.fault(content);
        if (fault != null) {
            throw new ImageException(file, fault);
        }
        try (PointerScope scope = new PointerScope()) {
            Mat rgb = imdecode(new Mat(new BytePointer(content), false), IMREAD_COLOR_RGB | IMREAD_IGNORE_ORIENTATION);
            if (rgb.empty()) {
                throw new ImageException(file, "damaged: the decoder gives no picture");
            }
            byte[] pixels = new byte[rgb.rows() * rgb.cols() * 3];
            rgb.data().get(pixels);
            return new RgbImage(rgb.cols(), rgb.rows(), pixels);
        } catch (RuntimeException e) { // OpenCV's own exceptions
            throw new ImageException(
                    file,
                    "damaged: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }
}
