package io.github.resdensenet.data.format;

/** A file that is no whole picture of a format that is read; the message says why and does not name the file. */
public final class FormatException extends Exception {
    private static final long serialVersionUID = 1;

    /** A refusal. */
    public FormatException(String reason) {
        super(reason);
    }

    /** The file ends before its picture does. */
    static FormatException truncated(String where) {
        return new FormatException("truncated: " + where);
    }

    /** The file breaks a rule of its format. */
    static FormatException damaged(String what) {
        return new FormatException("damaged: " + what);
    }
}
