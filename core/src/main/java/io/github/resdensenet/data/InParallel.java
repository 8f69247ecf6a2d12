package io.github.resdensenet.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** The same work for each of many files, on threads that do not keep the process alive. */
public final class InParallel {
    private InParallel() {}

    /** What is done for one. */
    public interface Work<R> {
        /** Does it for the item of an index. */
        R of(int index) throws IOException;
    }

    /**
     * Does the work for the indices from 0 to {@code n} - 1.
     *
     * @param progress told how many are done, by the caller's thread
     * @return the results in order
     * @throws IOException if the work for one failed
     */
    public static <R> List<R> map(int n, int threads, Work<R> work, IntConsumer progress) throws IOException {
        ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, threads), InParallel::daemon);
        try {
            List<Future<R>> coming = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int index = i;
                coming.add(pool.submit(() -> work.of(index)));
            }
            List<R> results = new ArrayList<>();
            for (Future<R> one : coming) {
                results.add(one.get());
                progress.accept(results.size());
            }
            return results;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading pictures", e);
        } finally {
            pool.shutdownNow();
        }
    }

    static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "resdensenet-loader");
        thread.setDaemon(true);
        return thread;
    }
}
