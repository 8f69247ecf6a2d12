package io.github.resdensenet.spark;

import io.github.resdensenet.checkpoint.CheckpointException;
import io.github.resdensenet.data.BuiltInData;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import scala.reflect.ClassTag$;

/**
 * Trains a model with several Spark tasks, as one barrier stage. The weights do not depend on the number of tasks: they
 * are those of {@code resdensenet train} with the same recipe.
 *
 * <pre>{@code
 * ResDenseNetModel model = new ResDenseNetEstimator(Recipe.defaults().withData(Path.of("/mnt/photos")))
 *         .setTasks(4)
 *         .fit(spark, Path.of("/mnt/runs/photos"));
 * }</pre>
 *
 * <p>Every executor reads the images, and every executor that may become the first task writes the run folder: both must
 * be on a file system that the driver and all executors have mounted under the same path. An executor may run one task
 * of a training at a time, so set {@code spark.task.cpus} to {@code spark.executor.cores}. If a task is lost, Spark
 * starts all tasks again, and they continue from the last checkpoint.
 *
 * <p>It is not a stage of {@code org.apache.spark.ml} and cannot be part of its pipelines.
 */
public final class ResDenseNetEstimator {
    private static final long STOP_NANOS = 6_000_000_000L;
    private static final long POLL_MILLIS = 100;

    private final Recipe recipe;
    private int tasks = 2;
    private Duration timeout = Duration.ofSeconds(60);
    private @Nullable Path init;
    private boolean newHead;

    /** An estimator that trains by a recipe. */
    public ResDenseNetEstimator(Recipe recipe) {
        this.recipe = recipe;
    }

    /** Sets the number of tasks, at most {@code train.shards} (default: 2). */
    public ResDenseNetEstimator setTasks(int number) {
        if (number < 1) {
            throw new IllegalArgumentException("the number of tasks must be at least 1, got " + number);
        }
        tasks = number;
        return this;
    }

    /** Sets how long a task waits for another one whenever they exchange data (default: 60 s). */
    public ResDenseNetEstimator setTimeout(Duration duration) {
        if (duration.toSeconds() < 1) {
            throw new IllegalArgumentException("the timeout must be at least 1 second, got " + duration);
        }
        timeout = duration;
        return this;
    }

    /**
     * Sets pretrained weights to start from.
     *
     * @param weights a run folder or a weight file that the executors can read
     * @param randomHead whether the head keeps its random initialisation
     */
    public ResDenseNetEstimator setInit(Path weights, boolean randomHead) {
        init = weights;
        newHead = randomHead;
        return this;
    }

    /**
     * Trains into a new run folder.
     *
     * @return the best model
     * @throws IOException if the training fails, or the driver cannot read the run folder
     * @throws IllegalArgumentException if the recipe does not fit the images or the number of tasks
     * @throws CancellationException if the Spark job was cancelled
     */
    public ResDenseNetModel fit(SparkSession spark, Path run) throws IOException {
        Run.checkFree(run);
        int shards = recipe.train().shards();
        if (shards < tasks) {
            throw new IllegalArgumentException(
                    tasks + " tasks need train.shards of at least " + tasks + ", got " + shards);
        }
        run(
                spark,
                new TrainTask(
                        absolute(recipe).toYaml(),
                        text(run),
                        init == null ? "" : text(init),
                        newHead,
                        false,
                        0,
                        timeout));
        return ResDenseNetModel.load(spark, run);
    }

    /**
     * Resumes a run by its own recipe. The number of tasks may differ from before.
     *
     * @param epochs epochs in total, to train longer than the run's recipe says; 0 for the recipe's number
     * @return the best model
     * @throws IOException as {@link #fit}, and if the run, its recipe or its images have changed
     * @throws CancellationException if the Spark job was cancelled
     */
    public ResDenseNetModel resume(SparkSession spark, Path run, int epochs) throws IOException {
        run(spark, new TrainTask("", text(Run.open(run).folder()), "", false, true, epochs, timeout));
        return ResDenseNetModel.load(spark, run);
    }

    /** The recipe with absolute paths: the working folder of an executor is another one. */
    private static Recipe absolute(Recipe recipe) {
        String data = recipe.data().path();
        String groups = recipe.data().groupBy();
        Recipe result = data.equals(BuiltInData.FASHION3) ? recipe : recipe.with("data.path", text(Path.of(data)));
        return groups.endsWith(".csv") ? result.with("data.groupBy", text(Path.of(groups))) : result;
    }

    private static String text(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    private void run(SparkSession spark, TrainTask task) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        JavaRDD<Integer> ranks = context.parallelize(Collections.nCopies(tasks, 0), tasks);
        JavaRDD<String> outcomes = ranks.rdd()
                .barrier()
                .mapPartitions(task, false, ClassTag$.MODULE$.apply(String.class))
                .toJavaRDD();
        List<String> messages;
        try {
            // Spark repeats a failed barrier stage only if it ends in a shuffle
            messages = outcomes.repartition(1).collect();
        } catch (Exception e) { // Scala throws checked exceptions that Java does not see
            awaitTasks(context);
            throw SparkFailure.of(e);
        }
        for (String message : messages) {
            TrainTask.check(message);
        }
        if (!Files.isDirectory(Path.of(task.run()))) {
            throw new CheckpointException(task.run()
                    + ": the driver does not see the run folder; use a folder that all machines have mounted");
        }
    }

    /** Gives cancelled tasks time to save a checkpoint. */
    private static void awaitTasks(JavaSparkContext context) {
        long end = System.nanoTime() + STOP_NANOS;
        try {
            while (System.nanoTime() < end
                    && Arrays.stream(context.statusTracker().getExecutorInfos())
                            .anyMatch(executor -> executor.numRunningTasks() > 0)) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
