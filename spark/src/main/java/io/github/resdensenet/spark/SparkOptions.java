package io.github.resdensenet.spark;

import io.github.resdensenet.cli.Signals;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that select the Spark cluster. */
final class SparkOptions {
    static final String MASTER = "--master";
    static final String CONF = "--conf";

    /** A property that spark-submit sets. */
    private static final String SUBMITTED = "spark.submit.deployMode";

    /** Jobs of the calling thread. */
    private static final String JOBS = "resdensenet";

    private static final String EXTRA_CLASS_PATH = "spark.executor.extraClassPath";

    @Option(
            names = MASTER,
            paramLabel = "URL",
            description = "Spark master, for instance spark://host:7077 (default: that of spark-submit; without"
                    + " spark-submit, a cluster on this machine: local-cluster[N,1,2048] with N executors)")
    private @Nullable String master;

    @Option(names = CONF, paramLabel = "key=value", description = "set a Spark property; repeatable (default: none)")
    private List<String> properties = new ArrayList<>();

    /**
     * Starts or joins Spark. A signal to this process cancels the jobs.
     *
     * @param executors number of executors of a cluster on this machine
     * @throws IOException if the master cannot be reached
     */
    SparkSession session(String name, int executors) throws IOException {
        return start(conf(name, executors));
    }

    /**
     * The same for training, with one task per executor.
     *
     * @throws IOException if the master cannot be reached
     */
    SparkSession trainingSession(String name, int executors) throws IOException {
        SparkConf conf = conf(name, executors);
        conf.setIfMissing("spark.executor.cores", "1"); // a standalone cluster would take all cores of a machine
        conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
        conf.setIfMissing("spark.barrier.sync.timeout", "600");
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "2s");
        return start(conf);
    }

    private SparkConf conf(String name, int executors) {
        SparkConf conf = new SparkConf().setAppName(name);
        for (String property : properties) {
            int equals = property.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("--conf must be key=value, got " + property);
            }
            conf.set(property.substring(0, equals), property.substring(equals + 1));
        }
        if (master != null) {
            conf.setMaster(master);
        }
        conf.setIfMissing("spark.master", "local-cluster[" + executors + ",1,2048]");
        conf.setIfMissing("spark.ui.enabled", "false");
        if (conf.get("spark.master").startsWith("local-cluster")) {
            onThisMachine(conf);
        } else if (!conf.contains(SUBMITTED) && !conf.contains(EXTRA_CLASS_PATH)) {
            conf.setIfMissing("spark.jars", String.join(",", ownJars()));
        }
        return conf;
    }

    private static SparkSession start(SparkConf conf) throws IOException {
        SparkSession session;
        try {
            session = SparkSession.builder().config(conf).getOrCreate();
        } catch (Exception e) { // Spark stops itself while it starts, and Scala throws checked exceptions
            throw new IOException("cannot connect to the Spark master " + conf.get("spark.master"), e);
        }
        session.sparkContext().setJobGroup(JOBS, conf.get("spark.app.name"), false);
        Signals.onNext(() -> session.sparkContext().cancelJobGroupAndFutureJobs(JOBS));
        return session;
    }

    /** Lets only this machine connect, and gives the executors the classes of this program. */
    private static void onThisMachine(SparkConf conf) {
        if (System.getenv("SPARK_HOME") == null) {
            throw new IllegalArgumentException("a cluster on this machine needs the environment variable SPARK_HOME");
        }
        conf.setIfMissing("spark.driver.host", "127.0.0.1");
        conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
        conf.setIfMissing("spark.executor.memory", "1g");
        conf.setIfMissing(EXTRA_CLASS_PATH, String.join(File.pathSeparator, ownJars()));
    }

    /** The class path without Spark's own jars. */
    private static List<String> ownJars() {
        String home = System.getenv("SPARK_HOME");
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath())
                .filter(entry ->
                        home == null || !entry.startsWith(Path.of(home, "jars").toAbsolutePath()))
                .map(Path::toString)
                .toList();
    }
}
