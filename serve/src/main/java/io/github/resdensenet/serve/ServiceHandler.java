package io.github.resdensenet.serve;

import io.github.resdensenet.serve.Router.Match;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;

/** Reads requests within limits, finds their routes and writes the answers. */
final class ServiceHandler extends Handler.Abstract.NonBlocking {
    /** Bytes of request bodies that are held at once, in all requests together. */
    private static final long MAX_BODIES = Math.min(
            256L << 20, Math.max(ServeOptions.MAX_BODY, Runtime.getRuntime().maxMemory() / 4));

    private static final Map<String, String> HEADERS = Map.of(
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cache-Control",
            "no-store",
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self';"
                    + " frame-ancestors 'none'; base-uri 'none'; form-action 'none'");

    private final Router router;
    private final Access access;
    private final ServerMetrics metrics;
    private final SlowConnections slow;
    private final BooleanSupplier draining;
    private final AtomicLong held = new AtomicLong();
    private final AtomicInteger active = new AtomicInteger();

    ServiceHandler(
            Router router, Access access, ServerMetrics metrics, SlowConnections slow, BooleanSupplier draining) {
        this.router = router;
        this.access = access;
        this.metrics = metrics;
        this.slow = slow;
        this.draining = draining;
    }

    /** Number of requests that are being answered. */
    int active() {
        return active.get();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        long start = System.nanoTime();
        String[] pattern = {"other"};
        HeldBytes body = new HeldBytes(held, MAX_BODIES);
        active.incrementAndGet();
        slow.working(request);
        Callback done = Callback.from(callback, active::decrementAndGet);
        CompletableFuture<Answer> unused = answer(request, pattern, body)
                .whenCompleteAsync(
                        (answer, error) -> {
                            body.release();
                            Answer sent = error == null ? answer : Answer.of(HttpFailure.of(error));
                            metrics.answered(pattern[0], sent.status(), System.nanoTime() - start);
                            slow.waiting(request);
                            write(request, response, done, sent);
                        },
                        getServer().getThreadPool());
        return true;
    }

    private CompletableFuture<Answer> answer(Request request, String[] pattern, HeldBytes held) {
        try {
            Match match = router.find(request.getMethod(), Request.getPathInContext(request));
            pattern[0] = match.pattern();
            boolean reading =
                    request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
            access.check(request.getHeaders(), match.open(), reading);
            CompletableFuture<byte[]> body =
                    reading ? CompletableFuture.completedFuture(new byte[0]) : body(request, held);
            return body.thenComposeAsync(
                    bytes -> match.route().answer(call(request, match, bytes)),
                    getServer().getThreadPool());
        } catch (RuntimeException | Error e) { // otherwise the request would count as active for ever
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Answers a request that Jetty does not understand. */
    static boolean error(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? 500 : response.getStatus();
        String sentence = status == 431 || status == 414
                ? "the address or the headers are too long"
                : status < 500 || status == 505 ? "the request is not valid HTTP" : "unexpected error";
        write(request, response, callback, Answer.of(new HttpFailure(status, sentence)), true);
        return true;
    }

    private static Call call(Request request, Match match, byte[] body) {
        Map<String, String> query = new LinkedHashMap<>();
        try {
            for (Fields.Field field : Request.extractQueryParameters(request)) {
                query.put(field.getName(), field.getValue());
            }
        } catch (RuntimeException e) {
            throw new HttpFailure(400, "the parameters behind the question mark are damaged");
        }
        return new Call(match.variables(), query, request.getHeaders(), body);
    }

    private CompletableFuture<byte[]> body(Request request, HeldBytes held) {
        String encoding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new HttpFailure(415, "Content-Encoding is not supported; send the body as it is");
        }
        long length = request.getLength();
        if (length > ServeOptions.MAX_BODY) {
            throw BodyReader.tooLarge(ServeOptions.MAX_BODY);
        }
        return slow.read(request, length, held);
    }

    private void write(Request request, Response response, Callback callback, Answer answer) {
        boolean close = draining.getAsBoolean() || answer.status() == 408 || answer.status() == 413;
        write(request, response, callback, answer, close);
    }

    private static void write(Request request, Response response, Callback callback, Answer answer, boolean close) {
        response.setStatus(answer.status());
        HEADERS.forEach((name, value) -> response.getHeaders().put(name, value));
        answer.headers().forEach((name, value) -> response.getHeaders().put(name, value));
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, answer.type());
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, answer.body().length);
        if (close) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        boolean head = request.getMethod().equals("HEAD");
        response.write(true, head ? ByteBuffer.allocate(0) : ByteBuffer.wrap(answer.body()), callback);
    }
}
