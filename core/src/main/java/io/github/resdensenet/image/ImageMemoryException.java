package io.github.resdensenet.image;

import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Path;

/** Signals that there is too little memory to decode an image now, which is not the image's fault. */
public final class ImageMemoryException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception for {@code file}. */
    public ImageMemoryException(Path file) {
        super(Text.printable(file + ": not enough memory to decode the image (increase the Java heap with -Xmx)"));
    }
}
