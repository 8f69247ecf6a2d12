package io.github.resdensenet.util;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Computes SHA-256 digests. */
public final class Digest {
    private Digest() {}

    /** Returns the SHA-256 digest of the content of a file, in lower-case hexadecimal. */
    public static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return sha256(in);
        }
    }

    /** Returns the SHA-256 digest of the rest of a stream, in lower-case hexadecimal. */
    public static String sha256(InputStream in) throws IOException {
        MessageDigest digest = digest();
        byte[] buffer = new byte[1 << 16];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns the SHA-256 digest of a text in UTF-8, in lower-case hexadecimal. */
    public static String sha256(String text) {
        return HexFormat.of().formatHex(digest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Returns the SHA-256 digest of the remaining bytes of a buffer, in lower-case hexadecimal, and consumes them. */
    public static String sha256(ByteBuffer content) {
        MessageDigest digest = digest();
        digest.update(content);
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Creates an empty SHA-256 digest. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform must support SHA-256
        }
    }
}
