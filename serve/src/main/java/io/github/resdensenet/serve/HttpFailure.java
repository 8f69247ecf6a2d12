package io.github.resdensenet.serve;

import io.github.resdensenet.image.ImageException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** The answer to a request that cannot be fulfilled: a status and one sentence. */
final class HttpFailure extends RuntimeException {
    /** The path that decoders are given for an image of a request. */
    static final Path IMAGE = Path.of("image");

    private static final long serialVersionUID = 1;

    private final int status;
    private final transient Map<String, String> headers;

    HttpFailure(int status, String message) {
        this(status, message, Map.of());
    }

    /** A failure whose answer has further headers. */
    HttpFailure(int status, String message, Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.headers = headers;
    }

    /** A failure that the client can avoid by sending the request again after some seconds. */
    static HttpFailure tryAgain(String message, long seconds) {
        return new HttpFailure(
                429, message + "; try again in " + seconds + " s", Map.of("Retry-After", Long.toString(seconds)));
    }

    /** The failure for an image that cannot be decoded. */
    static HttpFailure ofImage(ImageException error) {
        return new HttpFailure(422, error.reason());
    }

    /** The failure for a request that needs more memory than is free. */
    static HttpFailure outOfMemory() {
        return new HttpFailure(503, "not enough memory; try again in 1 s", Map.of("Retry-After", "1"));
    }

    /** The failure for a request that the service cannot answer any more. */
    static HttpFailure stopping() {
        return new HttpFailure(503, "the service is stopping");
    }

    /** The failure that stopped a computation. */
    static HttpFailure of(Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (cause instanceof HttpFailure failure) {
            return failure;
        }
        return cause instanceof OutOfMemoryError ? outOfMemory() : new HttpFailure(500, "unexpected error");
    }

    int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers;
    }

    String sentence() {
        return String.valueOf(getMessage());
    }
}
