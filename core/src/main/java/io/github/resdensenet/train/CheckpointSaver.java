package io.github.resdensenet.train;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Writes checkpoints beside the training, one at a time. What it is given must be a copy that nothing else changes. */
final class CheckpointSaver implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
        Thread saver = new Thread(work, "resdensenet-saver");
        saver.setDaemon(true);
        return saver;
    });
    private @Nullable Future<?> writing;
    private final AtomicLong nanos = new AtomicLong();

    /** Something that writes. */
    interface Save {
        void write() throws IOException;
    }

    /**
     * Starts to write, after the write before has ended.
     *
     * @throws IOException if that one failed
     */
    void start(Save save) throws IOException {
        await();
        writing = thread.submit(() -> {
            long begun = System.nanoTime();
            save.write();
            nanos.addAndGet(System.nanoTime() - begun);
            return null;
        });
    }

    /** Seconds spent on writing so far, beside the training. */
    double seconds() {
        return nanos.get() / 1e9;
    }

    /**
     * Waits until everything is on disk.
     *
     * @throws IOException if the last write failed
     */
    void await() throws IOException {
        Future<?> pending = writing;
        writing = null;
        if (pending == null) {
            return;
        }
        try {
            pending.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a checkpoint was written", e);
        }
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
