package io.github.resdensenet.engine;

import io.github.resdensenet.nn.NativeSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Threads that compute lists of phases. Each thread computes on its own: libtorch and oneDNN use one thread for it.
 *
 * <p>A phase starts when the previous phase has finished. Threads take its tasks one by one, so a thread that loses its
 * processor to another program delays the others by one task at most. A thread without a task waits actively for a
 * short time, and then gives its processor back.
 */
final class Workers implements AutoCloseable {
    /**
     * A part of a computation.
     *
     * @param shards tasks that may run at the same time and in any order. Thread w of W starts with task w * V / W, of V tasks,
     *     so that it computes the same shards in each phase if nothing disturbs it
     * @param others more such tasks, which are taken after the shards
     * @param end runs after all tasks, on one thread
     */
    record Phase(List<Runnable> shards, List<Runnable> others, Runnable end) {
        Phase {
            others = shards.isEmpty() && others.isEmpty() ? List.of(() -> {}) : others; // a thread must come to the end
        }

        private int size() {
            return shards.size() + others.size();
        }

        /** The task that a thread takes at its i-th try, as an index: shards first. */
        private int index(int i, int thread, int threads) {
            return i < shards.size() ? (i + thread * shards.size() / threads) % shards.size() : i;
        }

        private Runnable task(int index) {
            return index < shards.size() ? shards.get(index) : others.get(index - shards.size());
        }
    }

    /** How long a thread waits actively: longer than tasks of equal size differ, shorter than a time slice. */
    private static final long SPIN_NANOS = 300_000;

    private final List<Thread> threads = new ArrayList<>();
    private volatile @Nullable Job current;
    private volatile boolean closed;

    /** Starts the threads. */
    Workers(int count) {
        int before = torch.get_num_threads();
        List<CompletableFuture<?>> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            CompletableFuture<?> ready = new CompletableFuture<>();
            started.add(ready);
            Thread thread = new Thread(
                    () -> {
                        NativeSettings.useOneThreadHere();
                        ready.complete(null);
                        work(number);
                    },
                    "compute-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        started.forEach(CompletableFuture::join);
        NativeSettings.apply(before); // the number of threads of other libtorch computations
    }

    int count() {
        return threads.size();
    }

    /**
     * Computes phases, and returns after the last one. If a task fails, the tasks that have started are finished and the
     * exception is thrown.
     */
    void run(List<Phase> phases) {
        Job job = new Job(phases, Thread.currentThread());
        current = job;
        threads.forEach(LockSupport::unpark);
        job.await(phases.size());
        current = null;
        Throwable failure = job.failure;
        if (failure != null) {
            job.awaitIdle();
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        }
    }

    private void work(int number) {
        @Nullable Job last = null;
        long idleSince = System.nanoTime();
        while (!closed) {
            Job job = current;
            if (job != null && job != last) {
                job.work(number);
                last = job;
                idleSince = System.nanoTime();
            } else {
                pause(idleSince);
            }
        }
    }

    /** Waits for a moment: actively at first, then until another thread unparks this one. */
    private static void pause(long since) {
        if (System.nanoTime() - since < SPIN_NANOS) {
            Thread.onSpinWait();
        } else {
            LockSupport.park();
        }
    }

    @Override
    public void close() {
        closed = true;
        threads.forEach(LockSupport::unpark);
    }

    /** One call of {@link #run}. */
    private final class Job {
        private final List<Phase> phases;
        private final Thread caller;
        private final int[] first; // index of each phase's first task in claims
        private final AtomicIntegerArray claims;
        private final AtomicInteger finished = new AtomicInteger(); // tasks of the open phase
        private final AtomicInteger active = new AtomicInteger(); // threads that compute this job
        private volatile int open;
        private volatile @Nullable Throwable failure;

        Job(List<Phase> phases, Thread caller) {
            this.phases = phases;
            this.caller = caller;
            this.first = new int[phases.size() + 1];
            for (int i = 0; i < phases.size(); i++) {
                first[i + 1] = first[i] + phases.get(i).size();
            }
            this.claims = new AtomicIntegerArray(first[phases.size()]);
        }

        void work(int number) {
            active.incrementAndGet();
            try {
                for (int phase = open; phase < phases.size(); phase = await(phase + 1)) {
                    compute(phase, number);
                }
            } catch (RuntimeException | Error e) {
                failure = e;
                open(phases.size());
            } finally {
                active.decrementAndGet();
            }
        }

        private void compute(int number, int thread) {
            Phase phase = phases.get(number);
            for (int i = 0; i < phase.size(); i++) {
                int task = phase.index(i, thread, threads.size());
                if (claims.compareAndSet(first[number] + task, 0, 1)) {
                    phase.task(task).run();
                    if (finished.incrementAndGet() == phase.size()) {
                        finished.set(0);
                        phase.end().run();
                        open(number + 1);
                    }
                }
            }
        }

        private void open(int phase) {
            open = phase;
            threads.forEach(LockSupport::unpark);
            if (phase == phases.size()) {
                LockSupport.unpark(caller);
            }
        }

        /** Waits until a phase, or a later one, is open, and returns the open phase. */
        int await(int phase) {
            long since = System.nanoTime();
            int now = open;
            while (now < phase) {
                pause(since);
                now = open;
            }
            return now;
        }

        void awaitIdle() {
            while (active.get() > 0) {
                Thread.onSpinWait();
            }
        }
    }
}
