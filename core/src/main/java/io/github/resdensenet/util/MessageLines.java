package io.github.resdensenet.util;

import java.util.List;

/** An exception whose message lists things, one per line. In all other messages, a line break is part of a name. */
public interface MessageLines {
    /** The lines of the message; names in them may contain any character. */
    List<String> lines();
}
