package io.github.resdensenet.util;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Converts enum constants to and from their lower-case form in files and on the command line. */
public final class Choices {
    private Choices() {}

    /** Returns the lower-case name of a constant. */
    public static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the lower-case names of all constants of an enum. */
    public static List<String> labels(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> label((Enum<?>) constant))
                .toList();
    }

    /**
     * Parses the lower-case name of a constant.
     *
     * @param type the enum
     * @param key name of the option or recipe key, for the error message
     * @param text the lower-case name
     * @throws IllegalArgumentException if no constant has this name; the message lists the allowed values
     */
    public static <E extends Enum<E>> E parse(Class<E> type, String key, String text) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> label(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(rule(type, key, text)));
    }

    /** Returns the error message for a value that is not a constant of the enum. */
    public static String rule(Class<?> type, String key, Object value) {
        List<String> labels = labels(type);
        return key + " must be " + (labels.size() == 1 ? labels.get(0) : "one of " + labels) + ", got " + value;
    }
}
