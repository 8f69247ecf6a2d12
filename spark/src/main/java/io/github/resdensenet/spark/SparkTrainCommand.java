package io.github.resdensenet.spark;

import io.github.resdensenet.cli.Main;
import io.github.resdensenet.cli.TrainOptions;
import io.github.resdensenet.run.History;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "spark-train",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Trains a model on Apache Spark, like train.",
            "The images and the run folder must be on a file system that all machines have mounted. If an executor is"
                    + " lost, Spark starts the tasks again from the last checkpoint."
        },
        abbreviateSynopsis = true,
        sortOptions = false,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet spark-train --tasks 2                      try it on this machine with the built-in images",
            "  resdensenet spark-train --master spark://host:7077 --tasks 16 --data /mnt/photos --out /mnt/runs/photos"
        })
final class SparkTrainCommand implements Callable<Integer> {
    private static final List<String> ALLOWED_WITH_RESUME =
            List.of("--tasks", "--timeout-s", SparkOptions.MASTER, SparkOptions.CONF);

    @Spec
    private CommandSpec spec;

    @Mixin
    private TrainOptions options = new TrainOptions();

    @Mixin
    private SparkOptions spark = new SparkOptions();

    @Option(
            names = "--tasks",
            paramLabel = "N",
            description = "number of Spark tasks that train together, each in an executor of its own, at most"
                    + " train.shards (4 unless you set it); the weights do not depend on N unless"
                    + " the backbone is frozen (default: 2)")
    private int tasks = 2;

    @Option(
            names = "--timeout-s",
            paramLabel = "N",
            description = "seconds that a task waits for another one whenever they exchange data (default: 60)")
    private int timeoutSeconds = 60;

    @Override
    public Integer call() throws Exception {
        options.checkResumeOptions(spec.commandLine().getParseResult(), ALLOWED_WITH_RESUME);
        @Nullable Path resumed = options.resume();
        Recipe recipe = options.recipe();
        ResDenseNetEstimator estimator =
                new ResDenseNetEstimator(recipe).setTasks(tasks).setTimeout(Duration.ofSeconds(timeoutSeconds));
        if (options.init() != null) {
            estimator.setInit(options.init().toAbsolutePath(), options.newHead());
        } else if (options.newHead()) {
            throw new IllegalArgumentException("a new head needs pretrained weights");
        }
        Path folder = resumed == null ? options.folder(recipe) : resumed;
        Path run = folder.toAbsolutePath();
        if (resumed == null) {
            Run.checkFree(run); // before Spark starts
        }
        boolean finished = resumed != null && Run.open(run).isFinished();
        int epochsBefore = finished ? epochs(run) : 0;
        try (SparkSession session = spark.trainingSession("resdensenet spark-train", tasks);
                LogFollower log = new LogFollower(
                        run.resolve("log.txt"), spec.commandLine().getOut())) {
            if (resumed == null) {
                estimator.fit(session, run);
            } else {
                log.skip();
                estimator.resume(session, run, options.epochs());
            }
        } catch (CancellationException e) {
            String epochs = options.epochs() > 0 ? " --epochs " + options.epochs() : "";
            CancellationException stopped = new CancellationException(
                    Files.isDirectory(run)
                            ? "stopped; to continue: resdensenet spark-train --resume " + run + epochs
                                    + " with the same Spark options"
                            : "stopped");
            stopped.initCause(e);
            throw stopped;
        }
        if (finished && epochs(run) == epochsBefore) {
            spec.commandLine()
                    .getOut()
                    .println(Text.printable(run) + ": finished after epoch " + epochsBefore
                            + "; nothing was left to train");
        }
        TrainOptions.printResult(Run.open(run), spec.commandLine().getOut());
        return 0;
    }

    /** The number of completed epochs of a run; 0 if there is none. */
    private static int epochs(Path run) throws IOException {
        Path history = Run.open(run).file("history.csv");
        return Files.exists(history) ? History.read(history).epochs().size() : 0;
    }
}
