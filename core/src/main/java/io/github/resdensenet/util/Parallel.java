package io.github.resdensenet.util;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** Runs a task for many items on daemon threads. */
public final class Parallel {
    private Parallel() {}

    /** A task for one item. */
    public interface Work<R> {
        /** Returns the result for the item with this index. */
        R of(int index) throws IOException;
    }

    /**
     * Runs a task for the indices 0 to {@code n} - 1.
     *
     * @param n number of items
     * @param threads number of threads; less than 1 counts as 1
     * @param work the task
     * @param progress receives the number of finished items, in the thread of the caller
     * @return the results in the order of the indices
     * @throws IOException if the task fails for an item or the thread is interrupted
     */
    public static <R> List<R> map(int n, int threads, Work<R> work, IntConsumer progress) throws IOException {
        ExecutorService pool = Executors.newFixedThreadPool(Math.max(1, threads), Parallel::daemon);
        try {
            List<Future<R>> futures = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int index = i;
                futures.add(pool.submit(() -> work.of(index)));
            }
            List<R> results = new ArrayList<>();
            for (Future<R> future : futures) {
                results.add(future.get());
                progress.accept(results.size());
            }
            return results;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error; // out of memory
            }
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while processing files", e);
        } finally {
            pool.shutdownNow();
        }
    }

    /** Creates a daemon thread, which does not keep the process alive. */
    public static Thread daemon(Runnable work) {
        return daemon("resdensenet-loader", work);
    }

    /** Creates a daemon thread with a name. */
    public static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }
}
