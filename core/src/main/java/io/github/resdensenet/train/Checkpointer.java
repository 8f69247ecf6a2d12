package io.github.resdensenet.train;

import io.github.resdensenet.optim.Optimizer;
import io.github.resdensenet.run.Checkpoint;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.History.EpochMetrics;
import io.github.resdensenet.run.Manifest;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Parallel;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Saves checkpoints of a training run: copies the state between two steps and writes the copy on a thread of its own.
 * Of several processes, only rank 0 saves.
 */
final class Checkpointer implements AutoCloseable {
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(work -> Parallel.daemon("resdensenet-saver", work));
    private final Run run;
    private final TrainingSetup setup;
    private final AtomicLong writingNanos = new AtomicLong();
    private @Nullable Future<?> writing;
    private long blockedNanos;
    private int saves;
    private long lastSaved = System.nanoTime();

    Checkpointer(Run run, TrainingSetup setup) {
        this.run = run;
        this.setup = setup;
    }

    /** Whether the last save is more than train.checkpointMinutes ago. */
    boolean isDue() {
        return setup.isWriter()
                && System.nanoTime() - lastSaved > setup.recipe().train().checkpointMinutes() * 60e9;
    }

    /**
     * Copies the state and starts to write it as the newest checkpoint, after the previous write has ended.
     *
     * @param best whether it becomes the best checkpoint, too
     * @throws ArithmeticException if a weight is not finite
     * @throws IOException if the previous write failed
     */
    void save(Manifest.Progress state, History history, boolean best) throws IOException {
        if (!setup.engine().optimizer.weightsAreFinite()) {
            throw new ArithmeticException("a weight is not finite after step " + state.step());
        }
        if (!setup.isWriter()) {
            return;
        }
        long begun = System.nanoTime();
        await();
        Checkpoint checkpoint = setup.checkpoint(state, history);
        Checkpoint model = best ? Optimizer.averaged(checkpoint) : checkpoint;
        blockedNanos += System.nanoTime() - begun;
        saves++;
        writing = thread.submit(() -> {
            long start = System.nanoTime();
            if (best) {
                run.saveBestAndLast(model, checkpoint);
            } else {
                run.saveLast(checkpoint);
            }
            writingNanos.addAndGet(System.nanoTime() - start);
            return null;
        });
        lastSaved = System.nanoTime();
    }

    /** How many checkpoints were saved and what that cost, for the log. */
    String summary(History history) {
        double trained =
                history.epochs().stream().mapToDouble(EpochMetrics::seconds).sum();
        return String.format(
                Locale.ROOT,
                "Checkpoints: %d saved; training waited %.2f s (%.2f%%), writing took %.2f s in the background",
                saves,
                blockedNanos / 1e9,
                100 * blockedNanos / 1e9 / trained,
                writingNanos.get() / 1e9);
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
            throw new IOException("interrupted while writing a checkpoint", e);
        }
    }

    @Override
    public void close() {
        thread.shutdown();
        boolean interrupted = false;
        while (!thread.isTerminated()) { // whoever unlocks the run folder must find it complete
            try {
                thread.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
