package io.github.resdensenet.train;

/** Training was asked to stop and has saved where it was. */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What was stopped, and how to go on. */
    public StoppedException(String message) {
        super(message);
    }
}
