package io.github.resdensenet.image;

import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Path;

/** Signals that a file is not a readable image. The message is {@code path: reason}, on one line. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1;

    private final String reason;

    /** Creates an exception for {@code file} with the reason. */
    public ImageException(Path file, String reason) {
        super(Text.printable(file + ": " + reason));
        this.reason = reason;
    }

    /** Returns the reason without the path. */
    public String reason() {
        return reason;
    }
}
