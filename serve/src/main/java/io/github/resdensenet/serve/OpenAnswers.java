package io.github.resdensenet.serve;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The answers that clients wait for. */
final class OpenAnswers<T> {
    private final Map<Long, CompletableFuture<T>> open = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    /** Adds an answer; it is removed when it is complete. */
    void add(CompletableFuture<T> answer) {
        long number = last.incrementAndGet();
        open.put(number, answer);
        CompletableFuture<T> unused = answer.whenComplete((value, error) -> open.remove(number));
    }

    /** Fails all answers because the service is stopping. */
    void abandon() {
        open.values().forEach(answer -> answer.completeExceptionally(new HttpFailure(503, "the service is stopping")));
    }
}
