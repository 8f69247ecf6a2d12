package io.github.resdensenet.util;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamReadException;

/** Reads text files such as recipes and manifests, and prepares names and values from files for messages. */
public final class Text {
    private static final Pattern DUPLICATE = Pattern.compile("(?i)duplicate.*?['\"]([^'\"]*)['\"]");

    private Text() {}

    /**
     * Reads a UTF-8 text file.
     *
     * @param limit the maximum size in bytes
     * @throws IOException if the file is missing, not a regular file, too large, or not UTF-8; the message has the path
     */
    public static String read(Path file, long limit) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + ": not a regular file");
        }
        long size = Files.size(file);
        if (size == 0) { // reading a file of /proc could block
            return "";
        }
        if (size > limit) {
            throw new IOException(file + ": the file has " + size + " bytes, must be at most " + limit);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException(file + ": not UTF-8 text", e);
        }
    }

    /** Describes a syntax error in one sentence, with line and column; for example "invalid YAML at line 2, column 7". */
    public static String problem(String format, JacksonException error) {
        TokenStreamLocation at = error.getLocation();
        String place =
                at == null || at.getLineNr() < 1 ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        Matcher duplicate = DUPLICATE.matcher(String.valueOf(error.getOriginalMessage()));
        if (duplicate.find()) {
            return "duplicate key " + shorten(duplicate.group(1)) + place;
        }
        return (error instanceof StreamReadException ? "invalid " + format : "unexpected content") + place;
    }

    /** Returns a value for a message: on one line, and not longer than 100 characters. */
    public static String shorten(Object value) {
        String text = String.valueOf(value);
        return printable(text.length() <= 100 ? text : text.substring(0, 100) + "...");
    }

    /** Returns a sentence for a message: on one line, and not longer than 400 characters. */
    public static String limit(String sentence) {
        return printable(sentence.length() <= 400 ? sentence : sentence.substring(0, 400) + "...");
    }

    /**
     * Returns a text on one line without control characters: they are escaped as in Java, for example a line break as
     * {@code \n}. Otherwise a file name could break a message or change the terminal.
     */
    public static String printable(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> result.append("\\n");
                case '\r' -> result.append("\\r");
                case '\t' -> result.append("\\t");
                default -> {
                    if (isInvisible(c)) {
                        result.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        result.appendCodePoint(c);
                    }
                }
            }
        });
        return result.toString();
    }

    /** Returns a path as {@link #printable(String)} text. */
    public static String printable(Path path) {
        return printable(path.toString());
    }

    /** Whether a character controls the terminal or the direction of the text, or is half of a surrogate pair. */
    private static boolean isInvisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            case Character.FORMAT -> (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
            default -> false;
        };
    }
}
