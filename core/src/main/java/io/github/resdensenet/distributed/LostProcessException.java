package io.github.resdensenet.distributed;

/** Another process of the training has ended or does not answer. The message names it. */
public final class LostProcessException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** An exception with a message that names the process. */
    public LostProcessException(String message, Throwable cause) {
        super(message, cause);
    }
}
