package io.github.resdensenet.util;

import java.io.IOException;
import java.util.List;

/** An exception whose message lists things, one per line. In all other messages, a line break is part of a name. */
public class LinesException extends IOException {
    private static final long serialVersionUID = 1;

    private final List<String> lines;

    /** Creates an exception with a message of these lines; names in them may contain any character. */
    public LinesException(List<String> lines) {
        super(String.join("\n", lines));
        this.lines = List.copyOf(lines);
    }

    /** The lines of the message. */
    public final List<String> lines() {
        return lines;
    }
}
