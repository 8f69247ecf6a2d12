package io.github.resdensenet.spark;

import io.github.resdensenet.distributed.LostProcessException;
import io.github.resdensenet.distributed.ProcessGroup;
import io.github.resdensenet.distributed.Rendezvous;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.train.TrainListener;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.util.ErrorText;
import io.github.resdensenet.util.LinesException;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.BarrierTaskInfo;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * One process of a training run, in a task of a barrier stage. Task 0 is rank 0.
 *
 * <p>If a process is lost, the task fails, and Spark starts all tasks again. An error that would come again does not fail
 * the task: all tasks return it.
 */
final class TrainTask extends AbstractFunction1<Iterator<Integer>, Iterator<String>> implements Serializable {
    private static final long serialVersionUID = 1;
    private static final long STOP_POLL_MILLIS = 200;

    /** Prefixes of what a task returns. */
    private static final String DONE = "";

    private static final String USAGE = "usage: ";
    private static final String ERROR = "error: ";
    private static final String STOPPED = "stopped: ";

    /** Held by the one training of this process: libtorch has one random generator and one number of threads. */
    private static final Semaphore TRAINING = new Semaphore(1);

    static {
        SparkNatives.prepare();
    }

    private final String recipe;
    private final String run;
    private final String init;
    private final boolean newHead;
    private final boolean resume;
    private final int epochs;
    private final Duration timeout;

    /**
     * A task.
     *
     * @param recipe as YAML; ignored if it resumes
     * @param run the run folder
     * @param init pretrained weights; empty for random initialisation
     * @param newHead whether the head keeps its random initialisation
     * @param resume whether the run exists
     * @param epochs epochs in total if it resumes; 0 for those of the recipe
     * @param timeout how long a process waits for another one
     */
    TrainTask(String recipe, String run, String init, boolean newHead, boolean resume, int epochs, Duration timeout) {
        this.recipe = recipe;
        this.run = run;
        this.init = init;
        this.newHead = newHead;
        this.resume = resume;
        this.epochs = epochs;
        this.timeout = timeout;
    }

    /** The run folder. */
    String run() {
        return run;
    }

    /** Throws the error that a task has returned. */
    static void check(String outcome) throws IOException {
        if (outcome.startsWith(USAGE)) {
            throw new IllegalArgumentException(outcome.substring(USAGE.length()));
        } else if (outcome.startsWith(ERROR)) {
            throw new LinesException(outcome.substring(ERROR.length()).lines().toList());
        } else if (outcome.startsWith(STOPPED)) {
            throw new CancellationException(outcome.substring(STOPPED.length()));
        }
    }

    @Override
    public Iterator<String> apply(Iterator<Integer> ignored) {
        BarrierTaskContext context = BarrierTaskContext.get();
        LostProcessException lost = null;
        String own;
        try {
            own = train(context);
        } catch (LostProcessException e) {
            lost = e;
            own = DONE;
        }
        // rank 0 knows best why a training has ended
        String outcome = Arrays.stream(context.allGather(own))
                .filter(text -> !text.equals(DONE))
                .findFirst()
                .orElse(DONE);
        if (lost != null && outcome.equals(DONE)) {
            throw lost;
        }
        return scala.jdk.javaapi.CollectionConverters.asScala(List.of(outcome).iterator());
    }

    private String train(BarrierTaskContext context) {
        boolean locked = false;
        try {
            checkExecutors(context);
            locked = TRAINING.tryAcquire(2 * timeout.toMillis(), TimeUnit.MILLISECONDS);
            // all tasks learn it together, or some would wait for the others
            if (Arrays.asList(context.allGather(Boolean.toString(locked))).contains("false")) {
                return ERROR + "an executor still runs another training";
            }
            int rank = context.partitionId();
            String host = context.getTaskInfos()[0].address().replaceFirst(":[0-9]+$", "");
            Rendezvous rendezvous = Rendezvous.ofText(
                    host, rank, context.getTaskInfos().length, timeout, text -> context.allGather(text)[0]);
            try (ProcessGroup group = rendezvous.connect();
                    StopWatch watch = new StopWatch(context, group)) {
                if (rank == 0) {
                    lead(context, group);
                } else {
                    Trainer.join(new TrainListener() {}, group);
                }
                // Rank 0 evaluates and writes the report. Spark's own barrier would limit its time.
                group.barrier("end", () -> {
                    if (group.isStopRequested()) {
                        throw new CancellationException("stopped");
                    }
                });
            }
            return DONE;
        } catch (CancellationException e) {
            return STOPPED + e.getMessage();
        } catch (IllegalArgumentException e) {
            return USAGE + e.getMessage();
        } catch (UncheckedIOException e) {
            return ERROR + lines(Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            return ERROR + lines(e);
        } catch (ArithmeticException | IllegalStateException | UnsupportedOperationException e) {
            return ERROR + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return STOPPED + "interrupted";
        } finally {
            if (locked) {
                TRAINING.release();
            }
        }
    }

    /** The message, with a line break only between things that it lists. */
    private static String lines(Exception error) {
        return error instanceof LinesException list
                ? list.lines().stream().map(Text::printable).collect(Collectors.joining("\n"))
                : Text.printable(ErrorText.of(error));
    }

    /** The first task trains; it continues if an earlier attempt of the stage has started the run. */
    private void lead(BarrierTaskContext context, ProcessGroup group) throws IOException {
        Path folder = Path.of(run);
        Trainer trainer = new Trainer(new TrainListener() {}, group);
        if (resume || (context.stageAttemptNumber() > 0 && Files.isDirectory(folder))) {
            awaitUnlocked(Run.open(folder));
            Map<String, String> changes = new HashMap<>();
            if (epochs > 0) {
                changes.put("train.epochs", Integer.toString(epochs));
            }
            if (resume) { // the run may come from another machine
                changes.put("train.threads", Integer.toString(context.cpus()));
            }
            trainer.resume(folder, changes);
            return;
        }
        Recipe parsed = Recipe.parse(recipe, Path.of("recipe.yaml"));
        if (parsed.train().threads() == 0) {
            parsed = parsed.with("train.threads", Integer.toString(context.cpus()));
        }
        @Nullable Path weights = init.isEmpty() ? null : Path.of(init);
        trainer.train(parsed, folder, weights, newHead);
    }

    /** Waits until the first task of an earlier attempt has left the run folder, which it does when it notices. */
    private void awaitUnlocked(Run existing) throws IOException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            try {
                existing.lock().close();
                return;
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
            try {
                Thread.sleep(STOP_POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted");
            }
        }
    }

    private static void checkExecutors(BarrierTaskContext context) {
        long executors = Arrays.stream(context.getTaskInfos())
                .map(BarrierTaskInfo::address)
                .distinct()
                .count();
        if (executors < context.getTaskInfos().length) {
            throw new IllegalArgumentException("several tasks of the training run in one executor;"
                    + " set spark.task.cpus to the value of spark.executor.cores");
        }
    }

    /** Asks the training to stop when Spark has killed its task. */
    private static final class StopWatch implements AutoCloseable {
        private final Thread thread;

        StopWatch(BarrierTaskContext context, ProcessGroup group) {
            thread = new Thread(() -> watch(context, group), "spark-stop");
            thread.setDaemon(true);
            thread.start();
        }

        private static void watch(BarrierTaskContext context, ProcessGroup group) {
            try {
                while (!context.isInterrupted()) {
                    Thread.sleep(STOP_POLL_MILLIS);
                }
                group.requestStop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the training has ended
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }
}
