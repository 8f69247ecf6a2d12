package io.github.resdensenet.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import io.github.resdensenet.cli.Main;
import io.github.resdensenet.predict.PredictionJson;
import io.github.resdensenet.run.Run;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "spark-score",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Classifies images on Apache Spark and writes a table.",
            "The table has a row per image: its path, and a prediction with class, index, probability, probabilities,"
                    + " abstained and error. For an image that cannot be classified, error is the reason."
        },
        sortOptions = false,
        footerHeading = Main.EXAMPLES,
        footer = {
            "  resdensenet spark-score runs/photos new --out scores              try it on this machine",
            "  resdensenet spark-score runs/photos s3a://bucket/new --out s3a://bucket/scores --master spark://host:7077"
        })
final class SparkScoreCommand implements Callable<Integer> {
    /** Several, so that cores end at about the same time; few images, so that little is lost with an executor. */
    private static final int PARTITIONS_PER_CORE = 4;

    private static final int IMAGES_PER_PARTITION = 100;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "run folder")
    private Path run = Path.of("");

    @Parameters(
            index = "1..*",
            paramLabel = "IMAGES",
            description = "folders, images or globs, as paths or URIs that Spark reads")
    private List<String> images = new ArrayList<>();

    @Option(
            names = "--paths",
            paramLabel = "FILE",
            description = "text file with one image path or URI per line (default: none)")
    private @Nullable String paths;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "folder or URI to create for the table (required)")
    private String out = "";

    @Option(
            names = "--format",
            paramLabel = "parquet|json|csv",
            description = "format of the table; csv has no probabilities of the other classes (default: parquet)")
    private String format = "parquet";

    @Option(
            names = "--abstain-below",
            paramLabel = "T",
            description = "withhold predictions with a calibrated probability below T (0 <= T <= 1): their class is"
                    + " \"abstain\" (default: never)")
    private @Nullable Double abstainBelow;

    @Option(
            names = "--max-pixels",
            paramLabel = "N",
            description = "largest product of height and width of an image (default: ${DEFAULT-VALUE})")
    private long maxPixels = ResDenseNetModel.MAX_PIXELS;

    @Option(
            names = "--executors",
            paramLabel = "N",
            description = "executors of a cluster on this machine, with one core each (default: one per logical CPU)")
    private int executors = Runtime.getRuntime().availableProcessors();

    @Mixin
    private SparkOptions spark = new SparkOptions();

    @Override
    public Integer call() throws Exception {
        if (images.isEmpty() == (paths == null)) {
            throw new ParameterException(spec.commandLine(), "give either IMAGES or --paths");
        }
        if (!List.of("parquet", "json", "csv").contains(format)) {
            throw new ParameterException(spec.commandLine(), "--format must be parquet, json or csv, got " + format);
        }
        if (abstainBelow != null) {
            PredictionJson.requireThreshold("--abstain-below", abstainBelow);
        }
        Run.open(run).readBestManifest();
        if (maxPixels < 1) {
            throw new IllegalArgumentException("--max-pixels must be positive, got " + maxPixels);
        }
        try (SparkSession session = spark.session("resdensenet spark-score", executors)) {
            score(session);
            return 0;
        } catch (Exception e) { // Scala throws checked exceptions that Java does not see
            throw SparkFailure.of(e);
        }
    }

    private void score(SparkSession session) throws IOException, InterruptedException {
        ResDenseNetModel model = ResDenseNetModel.load(session, run).setMaxPixels(maxPixels);
        if (abstainBelow != null) {
            model.setAbstainBelow(abstainBelow);
        }
        checkFree(session);
        Observation counts = new Observation();
        try {
            write(model.transform(input(session))
                    .observe(
                            counts,
                            count(lit(1)).as("images"),
                            count(col("prediction.error")).as("errors")));
        } catch (Exception e) { // Scala throws checked exceptions that Java does not see
            deleteIfEmpty(session);
            throw e;
        }
        Map<String, Object> seen = counts.getAsJava();
        PrintWriter results = spec.commandLine().getOut();
        results.println("Images: " + seen.get("images") + ", of which with an error: " + seen.get("errors"));
        results.println("Done: " + out);
    }

    private void checkFree(SparkSession session) throws IOException {
        org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(out);
        FileSystem system = folder.getFileSystem(session.sparkContext().hadoopConfiguration());
        if (system.exists(folder)) {
            throw new FileAlreadyExistsException(out, null, "already exists; choose another --out");
        }
    }

    /** Spark leaves the folder when the job fails or is cancelled. */
    private void deleteIfEmpty(SparkSession session) {
        org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(out);
        try {
            FileSystem system = folder.getFileSystem(session.sparkContext().hadoopConfiguration());
            if (system.exists(folder) && system.listStatus(folder).length == 0) {
                system.delete(folder, false);
            }
        } catch (IOException | RuntimeException e) {
            // the error that ended the job is more important
        }
    }

    /** The paths of the images; executors read the content, so that an unreadable file is only a row with an error. */
    private Dataset<Row> input(SparkSession session) throws IOException {
        int parallelism = session.sparkContext().defaultParallelism() * PARTITIONS_PER_CORE;
        if (paths != null) {
            return session.read()
                    .text(paths)
                    .toDF("path")
                    .where(col("path").notEqual(""))
                    .repartition(parallelism);
        }
        ImageListing listing = new ImageListing(session.sparkContext().hadoopConfiguration());
        for (String place : images) {
            listing.add(place);
        }
        List<String> listed = listing.images();
        int partitions = Math.max(Math.min(parallelism, listed.size()), listed.size() / IMAGES_PER_PARTITION);
        JavaRDD<String> spread =
                JavaSparkContext.fromSparkContext(session.sparkContext()).parallelize(listed, partitions);
        return session.createDataset(spread.rdd(), Encoders.STRING()).toDF("path");
    }

    private void write(Dataset<Row> scores) {
        switch (format) {
            case "json" -> scores.write().json(out);
            case "csv" ->
                scores.select(
                                col("path"),
                                col("prediction.class"),
                                col("prediction.index"),
                                col("prediction.probability"),
                                col("prediction.abstained"),
                                col("prediction.error"))
                        .write()
                        .option("header", true)
                        .option("escape", "\"")
                        .option("ignoreLeadingWhiteSpace", false)
                        .option("ignoreTrailingWhiteSpace", false)
                        .csv(out);
            default -> scores.write().parquet(out);
        }
    }
}
