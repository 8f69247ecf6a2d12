package io.github.resdensenet.serve;

import io.github.resdensenet.nn.InferencePrecision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of the service.
 *
 * @param host address to listen on
 * @param port port to listen on; 0 for any free port
 * @param token what clients send as {@code Authorization: Bearer TOKEN}; empty to accept every client
 * @param tls PKCS #12 file with key and certificate; empty for plain HTTP
 * @param tlsPassword password of that file
 * @param queue number of images that may wait or be computed at once
 * @param timeout how long an image may take, waiting included
 * @param maxPixels largest product of height and width of an image
 * @param watch whether to load new checkpoints of the runs as they appear
 * @param precision number format of the predictions; explanations are computed in fp32
 */
public record ServeOptions(
        String host,
        int port,
        Optional<String> token,
        Optional<Path> tls,
        String tlsPassword,
        int queue,
        Duration timeout,
        long maxPixels,
        boolean watch,
        InferencePrecision precision) {
    /** Default of {@link #queue}. */
    public static final int QUEUE = 256;

    /** Default of {@link #timeout}, in milliseconds. */
    public static final int TIMEOUT_MILLIS = 10_000;

    /** Default of {@link #maxPixels}. */
    public static final long MAX_PIXELS = 50_000_000;

    /** Largest request body in bytes. */
    static final int MAX_BODY = 64 << 20;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the option and its value
     */
    public ServeOptions {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("--port must be 0 to 65535, got " + port);
        }
        if (queue < 1) {
            throw new IllegalArgumentException("--queue must be positive, got " + queue);
        }
        if (timeout.toMillis() < 1) {
            throw new IllegalArgumentException("--timeout-ms must be positive, got " + timeout.toMillis());
        }
        if (maxPixels < 1) {
            throw new IllegalArgumentException("--max-pixels must be positive, got " + maxPixels);
        }
        if (!token.orElse("-").matches("[!-~]+")) {
            throw new IllegalArgumentException("--token-file must have one token of ASCII letters, digits and signs");
        }
        if (token.isEmpty() && !isLoopback(host)) {
            throw new IllegalArgumentException(
                    "--host " + host + " can be reached by other machines: protect the service with --token-file");
        }
    }

    /** The settings with predictions in fp32. */
    public ServeOptions(
            String host,
            int port,
            Optional<String> token,
            Optional<Path> tls,
            String tlsPassword,
            int queue,
            Duration timeout,
            long maxPixels,
            boolean watch) {
        this(host, port, token, tls, tlsPassword, queue, timeout, maxPixels, watch, InferencePrecision.FP32);
    }

    /** The settings with another number format of the predictions. */
    public ServeOptions withPrecision(InferencePrecision of) {
        return new ServeOptions(host, port, token, tls, tlsPassword, queue, timeout, maxPixels, watch, of);
    }

    /** The defaults: plain HTTP on the loopback address, without a token. */
    public static ServeOptions onPort(int port) {
        return new ServeOptions(
                "127.0.0.1",
                port,
                Optional.empty(),
                Optional.empty(),
                "",
                QUEUE,
                Duration.ofMillis(TIMEOUT_MILLIS),
                MAX_PIXELS,
                false);
    }

    static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost")
                || host.equals("::1")
                || host.equals("[::1]")
                || host.matches("127(\\.\\d{1,3}){3}");
    }
}
