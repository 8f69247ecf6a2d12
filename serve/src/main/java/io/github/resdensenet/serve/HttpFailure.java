package io.github.resdensenet.serve;

import io.github.resdensenet.image.ImageException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The answer to a request that cannot be fulfilled: a status and one sentence. */
final class HttpFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The path that messages about an image name. */
    static final Path IMAGE = Path.of("image");

    private final int status;
    private final long retryAfterSeconds;

    HttpFailure(int status, String message) {
        this(status, message, -1);
    }

    /** A failure that the client can avoid by sending the request again after some seconds. */
    HttpFailure(int status, String message, long retryAfterSeconds) {
        super(message, null, false, false);
        this.status = status;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** The answer to an image that cannot be decoded; the client knows which one it sent. */
    static HttpFailure of(ImageException error) {
        String message = String.valueOf(error.getMessage());
        String prefix = IMAGE + ": ";
        return new HttpFailure(422, message.startsWith(prefix) ? message.substring(prefix.length()) : message);
    }

    int status() {
        return status;
    }

    OptionalLong retryAfterSeconds() {
        return retryAfterSeconds < 0 ? OptionalLong.empty() : OptionalLong.of(retryAfterSeconds);
    }

    String sentence() {
        return String.valueOf(getMessage());
    }
}
