package io.github.resdensenet.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Content;

/**
 * Reads a request's body without blocking a thread, copying each piece at once, however small the pieces are.
 */
final class BodyReader implements Runnable {
    private static final int FIRST_SIZE = 8192;
    private static final int FIRST_SIZE_AT_MOST = 1 << 16;

    /** After this time, the mean rate must be high enough. */
    private static final long PATIENCE_SECONDS = 10;

    private static final int LEAST_BYTES_PER_SECOND = 16 << 10;

    private final Content.Source source;
    private final int most;
    private final HeldBytes held;
    private final ByteArrayOutputStream body;
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();
    private final long start = System.nanoTime();
    private volatile int received;

    /**
     * Creates a reader, which {@link #run} starts.
     *
     * @param most largest number of bytes; a larger body fails with {@link HttpFailure} 413
     * @param length the length that the client announced; -1 if it did not
     * @param held receives the bytes as they arrive, so that announcing many costs the other clients nothing
     */
    BodyReader(Content.Source source, int most, long length, HeldBytes held) {
        this.source = source;
        this.most = most;
        this.held = held;
        this.body = new ByteArrayOutputStream((int) Math.min(FIRST_SIZE_AT_MOST, length < 0 ? FIRST_SIZE : length));
    }

    /** The complete body, later. */
    CompletableFuture<byte[]> result() {
        return result;
    }

    @Override
    public void run() {
        try {
            read();
        } catch (RuntimeException | Error e) { // Jetty would only log it, and the client would wait
            result.completeExceptionally(e);
        }
    }

    private void read() {
        while (!result.isDone()) {
            Content.Chunk chunk = source.read();
            if (chunk == null) {
                source.demand(this);
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                result.completeExceptionally(
                        chunk.getFailure() instanceof TimeoutException
                                ? tooSlow()
                                : new HttpFailure(400, "the request is incomplete"));
                return;
            }
            boolean room = held.add(chunk.getByteBuffer().remaining());
            boolean last = chunk.isLast();
            try {
                if (room) {
                    add(chunk.getByteBuffer());
                    received = body.size();
                }
            } finally {
                chunk.release();
            }
            if (!room) {
                result.completeExceptionally(HttpFailure.tryAgain("too many large requests", 1));
            } else if (body.size() > most) {
                result.completeExceptionally(tooLarge(most));
            } else if (last) {
                result.complete(body.toByteArray());
            }
        }
    }

    /** Gives the body up if it arrives too slowly. */
    void check() {
        double seconds = (System.nanoTime() - start) / 1e9;
        if (seconds > PATIENCE_SECONDS && received < seconds * LEAST_BYTES_PER_SECOND) {
            result.completeExceptionally(tooSlow());
        }
    }

    private static HttpFailure tooSlow() {
        return new HttpFailure(408, "the request arrives too slowly");
    }

    /** Gives the body up because the service is stopping. */
    void abandon() {
        result.completeExceptionally(HttpFailure.stopping());
    }

    private void add(ByteBuffer piece) {
        int length = Math.min(piece.remaining(), most + 1 - body.size());
        if (piece.hasArray()) {
            body.write(piece.array(), piece.arrayOffset() + piece.position(), length);
        } else {
            byte[] copy = new byte[length];
            piece.get(copy);
            body.writeBytes(copy);
        }
    }

    static HttpFailure tooLarge(int most) {
        return new HttpFailure(413, "the request has more than " + most + " bytes");
    }
}
