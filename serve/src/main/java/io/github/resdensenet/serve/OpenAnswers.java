package io.github.resdensenet.serve;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The answers that clients wait for. */
final class OpenAnswers<T> {
    private final Map<Long, CompletableFuture<T>> open = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();
    private volatile boolean stopping;

    /** Adds an answer; it is removed when it is complete. */
    void add(CompletableFuture<T> answer) {
        long number = last.incrementAndGet();
        open.put(number, answer);
        CompletableFuture<T> unused = answer.whenComplete((value, error) -> open.remove(number));
        if (stopping) {
            answer.completeExceptionally(HttpFailure.stopping());
        }
    }

    /** Fails all answers, also those that are added later, because the service is stopping. */
    void abandon() {
        stopping = true;
        open.values().forEach(answer -> answer.completeExceptionally(HttpFailure.stopping()));
    }
}
