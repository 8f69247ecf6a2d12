package io.github.resdensenet.util;

import java.util.regex.Pattern;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON files of records in which every field must be present and known, with or without a digest of their own. */
public final class StrictJson {
    /** Reads and writes records, indented. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    private static final Pattern OWN_DIGEST = Pattern.compile("(\"sha256\" : \")[0-9a-f]*(\")");

    private StrictJson() {}

    /** Sets the field "sha256" of a file's text, which must be empty, to the SHA-256 of the text. */
    public static String withDigest(String text) {
        return OWN_DIGEST.matcher(text).replaceFirst("$1" + Digest.sha256(text) + "$2");
    }

    /** Whether a digest is the SHA-256 of a file's text with an empty field "sha256". */
    public static boolean hasDigest(String text, String digest) {
        return digest.equals(Digest.sha256(OWN_DIGEST.matcher(text).replaceFirst("$1$2")));
    }
}
