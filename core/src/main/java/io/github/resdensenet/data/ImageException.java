package io.github.resdensenet.data;

import java.io.IOException;
import java.nio.file.Path;

/** A file that is no picture that can be read, with the reason. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1;

    private final String reason;

    /** A refusal of {@code file}. */
    public ImageException(Path file, String reason) {
        super(file + ": " + reason);
        this.reason = reason;
    }

    /** Why, without the path. */
    public String reason() {
        return reason;
    }
}
