package io.github.resdensenet.checkpoint;

import java.io.IOException;

/** Thrown if a weight file or run folder is corrupt, unsupported, or does not fit the model. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Creates an exception.
     *
     * @param message one line that names the file and what is wrong with it
     */
    public CheckpointException(String message) {
        super(message);
    }
}
