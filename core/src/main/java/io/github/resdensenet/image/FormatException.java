package io.github.resdensenet.image;

/** Signals that a file is not a complete image in a supported format. The message gives the reason, not the path. */
final class FormatException extends Exception {
    private static final long serialVersionUID = 1;

    /** Creates an exception with the reason. */
    public FormatException(String reason) {
        super(reason);
    }

    /** The file ends before its image data is complete. */
    static FormatException truncated(String where) {
        return new FormatException("truncated: " + where);
    }

    /** The file violates the specification of its format. */
    static FormatException corrupt(String what) {
        return new FormatException("corrupt: " + what);
    }

    /** The file is valid, but uses a variant of its format that this package does not decode. */
    static FormatException unsupported(String what) {
        return new FormatException("unsupported: " + what);
    }
}
