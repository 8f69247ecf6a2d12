package io.github.resdensenet.checkpoint;

import java.io.IOException;

/** A weight file or run folder that cannot be used, with the rule that it breaks. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1;

    /** One line, naming the file. */
    public CheckpointException(String message) {
        super(message);
    }
}
