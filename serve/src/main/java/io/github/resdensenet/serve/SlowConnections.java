package io.github.resdensenet.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Request;

/**
 * Closes connections whose client takes too long to send the head of a request or to read an answer. Jetty's own limit
 * starts again with every byte, so that a client could hold a connection for hours.
 */
final class SlowConnections implements Connection.Listener {
    private final Map<EndPoint, Long> waitingSince = new ConcurrentHashMap<>();
    private final long limitNanos;

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

    private static EndPoint endPoint(Request request) {
        return request.getConnectionMetaData().getConnection().getEndPoint();
    }

    /** Closes the connections that are over the limit; to be called every second or so. */
    void sweep() {
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
