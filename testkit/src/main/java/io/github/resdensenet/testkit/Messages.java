package io.github.resdensenet.testkit;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks that error messages are written for users. */
public final class Messages {
    private static final int LONGEST = 2000;

    /** Names of Java classes, positions in arrays, and texts of the Java runtime and of parsers. */
    private static final Pattern INTERNAL = Pattern.compile("\\b[A-Z]\\w*(?:Exception|Error)\\b"
            + "|\\b(?:java|javax|tools|org|com|io|sun)\\.[a-z]\\w*\\.[\\w.$]*"
            + "|\\b(?:Json|Yaml|StreamRead|Buffered|ByteBuffer|Token)[A-Z]\\w*"
            + "|(?i:\\bindex\\b.{0,20}\\bout of\\b)|(?i:out of bounds)|Input length = |\\bnull\\b"
            + "|\\[[A-Z]@|@[0-9a-f]{6,8}\\b|Version\\{|Optional\\[|\\bNaN bytes\\b");

    private Messages() {}

    /**
     * What is wrong with a message: it is missing, long, has several lines or control characters, or shows an internal
     * name.
     *
     * @param file text that the message may contain, for instance the path of a file
     */
    public static Optional<String> fault(String message, String file) {
        if (message == null || message.isBlank()) {
            return Optional.of("no message");
        }
        if (message.length() > LONGEST) {
            return Optional.of("a message of " + message.length() + " characters");
        }
        if (message.codePoints().anyMatch(Character::isISOControl)) {
            return Optional.of("control characters: " + message);
        }
        Matcher internal = INTERNAL.matcher(message.replace(file, "FILE"));
        return internal.find() ? Optional.of("'" + internal.group() + "' in: " + message) : Optional.empty();
    }
}
