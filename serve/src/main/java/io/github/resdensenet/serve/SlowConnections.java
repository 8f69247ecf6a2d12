package io.github.resdensenet.serve;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Request;

/**
 * Closes connections whose client takes too long to send the head of a request or to read an answer, and gives up bodies
 * that arrive too slowly. Jetty's own limit starts again with every byte, so that a client could hold a connection for
 * hours.
 */
final class SlowConnections implements Connection.Listener {
    private final Map<EndPoint, Long> waitingSince = new ConcurrentHashMap<>();
    private final Set<BodyReader> reading = ConcurrentHashMap.newKeySet();
    private final long limitNanos;
    private volatile boolean stopping;

    SlowConnections(int seconds) {
        limitNanos = TimeUnit.SECONDS.toNanos(seconds);
    }

    @Override
    public void onOpened(Connection connection) {
        if (!(connection instanceof SslConnection)) {
            waitingSince.put(connection.getEndPoint(), System.nanoTime());
        }
    }

    @Override
    public void onClosed(Connection connection) {
        waitingSince.remove(connection.getEndPoint());
    }

    /** A request has arrived: the service works for the client. */
    void working(Request request) {
        waitingSince.remove(endPoint(request));
    }

    /** The answer is on its way: the service waits for the client, who reads it and may send a next request. */
    void waiting(Request request) {
        EndPoint endPoint = endPoint(request);
        if (endPoint.isOpen()) {
            waitingSince.put(endPoint, System.nanoTime());
        }
    }

    /**
     * Reads the body of a request.
     *
     * @param length the length that the client announced; -1 if it did not
     * @param held receives the bytes of the body
     * @return the body; fails with {@link HttpFailure} 400, 408, 413, 429 or 503
     */
    CompletableFuture<byte[]> read(Request request, long length, HeldBytes held) {
        BodyReader reader = new BodyReader(request, ServeOptions.MAX_BODY, length, held);
        reading.add(reader);
        if (stopping) {
            reader.abandon();
        }
        reader.run();
        return reader.result().whenComplete((body, error) -> reading.remove(reader));
    }

    private static EndPoint endPoint(Request request) {
        return request.getConnectionMetaData().getConnection().getEndPoint();
    }

    /** Gives up the bodies that have not arrived, because the service is stopping. */
    void abandon() {
        stopping = true;
        reading.forEach(BodyReader::abandon);
    }

    /** Closes what is over the limits; to be called every second or so. */
    void sweep() {
        reading.forEach(BodyReader::check);
        long now = System.nanoTime();
        waitingSince.forEach((endPoint, since) -> {
            if (!endPoint.isOpen()) {
                waitingSince.remove(endPoint, since);
            } else if (now - since > limitNanos && waitingSince.remove(endPoint, since)) {
                endPoint.close();
            }
        });
    }
}
