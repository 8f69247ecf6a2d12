package io.github.resdensenet.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.run.Recipe;
import io.github.resdensenet.run.Run;
import io.github.resdensenet.testkit.Extent;
import io.github.resdensenet.testkit.TestImages;
import io.github.resdensenet.train.Trainer;
import io.github.resdensenet.util.Digest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Trains and scores on a Spark cluster with two executors in processes of their own, and kills executors.
 *
 * <p>With {@code -Pslow}, more images are scored and more executors are killed.
 */
@DisabledOnOs(OS.WINDOWS)
class SparkTest {
    private static final int IMAGES = Extent.of(300, 20_000);
    private static final int SCORING_KILLS = Extent.of(1, 2);
    private static final int EPOCHS = 12;
    private static final int TRAINING_KILLS = Extent.of(1, 20);

    @TempDir
    private static Path shared;

    private static SparkSession spark;
    private static Run run;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        TestImages.folder(shared.resolve("data"), 20, 40, "夜", "day");
        run = Trainer.train(recipe().with("train.epochs", "1"), shared.resolve("run"));
        SparkOptions options = new SparkOptions();
        spark = options.trainingSession("test", 2);
    }

    @AfterAll
    static void stop() throws IOException {
        spark.close();
    }

    private static Recipe recipe() {
        return Recipe.defaults()
                .withData(shared.resolve("data"))
                .with("data.imageSize", "48")
                .with("model.blockConfig", "[1, 1]")
                .with("model.growthRate", "8")
                .with("train.threads", "1")
                .with("train.epochs", "" + EPOCHS)
                .with("train.checkpointMinutes", "0.0001");
    }

    private static List<ProcessHandle> executors() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .toList();
    }

    /** Kills an executor after every {@code tasks} tasks, a number of times. */
    private static final class Killer extends SparkListener {
        private final AtomicInteger ended = new AtomicInteger();
        private final AtomicInteger killed = new AtomicInteger();
        private final int tasks;

        Killer(int tasks) {
            this.tasks = tasks;
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            if (ended.incrementAndGet() % tasks == 0
                    && killed.get() < SCORING_KILLS
                    && !executors().isEmpty()) {
                executors().get(0).destroyForcibly();
                killed.incrementAndGet();
            }
        }
    }

    @Test
    void scoresEveryImageOnceAndLikeTheClassifierAlthoughExecutorsAreKilled() throws IOException {
        List<String> paths = new ArrayList<>();
        List<Path> sources = Files.walk(shared.resolve("data"))
                .filter(Files::isRegularFile)
                .sorted()
                .toList();
        for (int i = 0; i < IMAGES; i++) {
            Path image = folder.resolve("image " + i + ".png");
            Files.copy(sources.get(i % sources.size()), image, StandardCopyOption.REPLACE_EXISTING);
            if (i % 100 == 7) {
                Files.write(image, new byte[] {1, 2, 3});
            }
            paths.add(image.toString());
        }
        for (String name : List.of("_underscore.png", "2024-01-01T12:00:00.png", "100% 猫.png")) {
            paths.add(Files.copy(sources.get(0), folder.resolve(name)).toString());
        }
        paths.add(folder.resolve("missing.png").toString());
        paths.add(folder.toString());
        paths.add("nosuch://host/image.png");
        Killer killer = new Killer(Math.max(3, IMAGES / 100));
        spark.sparkContext().addSparkListener(killer);
        List<Row> rows;
        try {
            Dataset<Row> images =
                    spark.createDataset(paths, Encoders.STRING()).toDF("path").repartition(40);
            rows = ResDenseNetModel.load(spark, run.folder()).transform(images).collectAsList();
        } finally {
            spark.sparkContext().removeSparkListener(killer);
        }

        assertThat(killer.killed.get()).isEqualTo(SCORING_KILLS);
        Map<String, Row> scores = new HashMap<>();
        for (Row row : rows) {
            assertThat(scores.put(row.getString(0), row.getStruct(1)))
                    .as(row.getString(0))
                    .isNull();
        }
        assertThat(scores.keySet()).containsExactlyInAnyOrderElementsOf(paths);
        Map<String, Prediction> expected = new HashMap<>();
        try (Classifier classifier = Classifier.load(run.folder())) {
            for (String path : paths) {
                Row score = scores.get(path);
                if (!Files.isRegularFile(Path.of(path)) || Files.size(Path.of(path)) == 3) {
                    assertThat(score.getString(5)).startsWith(path + ": ").doesNotContain("Exception", "\n");
                    assertThat(score.isNullAt(0)).isTrue();
                    continue;
                }
                Prediction prediction =
                        expected.computeIfAbsent(Digest.sha256(Path.of(path)), unused -> classify(classifier, path));
                assertThat(score.isNullAt(5)).isTrue();
                assertThat(score.getString(0)).isEqualTo(prediction.className());
                assertThat(score.getInt(1)).isEqualTo(prediction.classIndex());
                assertThat(score.getJavaMap(3)).isEqualTo(prediction.byClass());
            }
        }
        assertThat(loaded()).isNotEmpty().containsOnly(1);
    }

    private static Prediction classify(Classifier classifier, String path) {
        try {
            return classifier.classify(Path.of(path));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** How many models each executor that is used has loaded. */
    private static List<Integer> loaded() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(Collections.nCopies(20, 0), 20)
                .map(unused -> ExecutorModel.loaded())
                .collect()
                .stream()
                .filter(n -> n > 0) // a new executor may not have scored yet
                .toList();
    }

    @Test
    void scoresTheContentOfBinaryFilesAndAbstains() throws IOException {
        Dataset<Row> images = spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", true)
                .load(shared.resolve("data").toString());
        Dataset<Row> scores =
                ResDenseNetModel.load(spark, run.folder()).setAbstainBelow(1).transform(images);

        assertThat(scores.columns()).containsExactly("path", "modificationTime", "length", "prediction");
        List<Row> rows = scores.select("prediction.*").collectAsList();
        assertThat(rows).hasSize(40).allSatisfy(row -> {
            assertThat(row.getString(0)).isEqualTo("abstain");
            assertThat(row.getInt(1)).isEqualTo(-1);
            assertThat(row.getBoolean(4)).isTrue();
        });
    }

    @Test
    void listsTheImagesThatPredictFinds() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images/in"));
        List<Path> expected = new ArrayList<>();
        for (String name : List.of("_a.PNG", ".b.jpg", "c:d.tif", "e f%20.gif", "notes.txt")) {
            Path file = Files.write(images.resolve(name), new byte[] {1});
            if (!name.equals("notes.txt")) {
                expected.add(file);
            }
        }
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThat(listed(folder.resolve("images").toString()))
                .containsExactlyInAnyOrderElementsOf(
                        expected.stream().map(file -> "file:" + file).toList());
        assertThatThrownBy(() -> listed(images + "/*")).hasMessageContaining("a glob cannot match names with a colon");
        Files.delete(images.resolve("c:d.tif"));
        assertThat(listed(images + "/*")).hasSameElementsAs(listed(images.toString()));
        assertThat(listed(images + "/notes.txt")).containsExactly("file:" + images + "/notes.txt");
        assertThatThrownBy(() -> listed(empty.toString())).hasMessage(empty + ": no images in this folder");
        assertThatThrownBy(() -> listed(empty + "/nothing*")).hasMessage(empty + "/nothing*: does not exist");
    }

    private static List<String> listed(String place) throws IOException {
        ImageListing listing = new ImageListing(spark.sparkContext().hadoopConfiguration());
        listing.add(place);
        return listing.images();
    }

    @Test
    void imagesNeedAPath() throws IOException {
        ResDenseNetModel model = ResDenseNetModel.load(spark, run.folder());
        assertThatThrownBy(() -> model.transform(spark.range(3).toDF()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the images need a column path of type string, got struct<id:bigint>");
        assertThatThrownBy(() -> model.transform(spark.sql("SELECT 'a' AS path, 'b' AS path")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the images have several columns path");
        assertThatThrownBy(() -> ResDenseNetModel.load(spark, folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder.toString());
    }

    @Test
    void trainsTheSameWeightsAsOneProcessAlthoughExecutorsAreKilled() throws Exception {
        Path data =
                Path.of("").toAbsolutePath().relativize(shared.resolve("data").toAbsolutePath());
        Recipe recipe = recipe().withData(data); // executors work in other folders
        Run expected = Trainer.train(recipe, folder.resolve("expected"));
        Random random = new Random(1);
        for (int kill = 0; kill < TRAINING_KILLS; kill++) {
            Path out = folder.resolve("run" + kill);
            int victim = kill % 2;
            int epoch = 1 + random.nextInt(EPOCHS / 2);
            CompletableFuture<Boolean> killed = CompletableFuture.supplyAsync(() -> killAfter(epoch, out, victim));
            new ResDenseNetEstimator(recipe)
                    .setTasks(2)
                    .setTimeout(Duration.ofSeconds(20))
                    .fit(spark, out);
            assertThat(killed.get()).isTrue();
            assertThat(Files.readString(out.resolve("log.txt"))).contains("Resuming ");
            assertThat(weights(new Run(out))).isEqualTo(weights(expected));
            assertThat(history(new Run(out))).isEqualTo(history(expected));
        }
    }

    /** Kills an executor after an epoch of a training run. */
    private static boolean killAfter(int epoch, Path run, int victim) {
        try {
            while (!Files.exists(run.resolve("history.csv"))
                    || history(new Run(run)).size() <= epoch) {
                Thread.sleep(10);
            }
        } catch (InterruptedException | IOException e) {
            throw new IllegalStateException(e);
        }
        return executors().get(victim).destroyForcibly();
    }

    private static List<String> weights(Run trained) throws IOException {
        return List.of(
                Digest.sha256(trained.last().resolve("weights.safetensors")),
                Digest.sha256(trained.last().resolve("optimizer.safetensors")));
    }

    /** The history without its times. */
    private static List<String> history(Run trained) throws IOException {
        return Files.readAllLines(trained.file("history.csv")).stream()
                .map(line -> Stream.of(line.split(",")).limit(8).collect(Collectors.joining(",")))
                .toList();
    }

    @Test
    void anErrorOfTheTrainingIsReportedAndNotRepeated() {
        Path out = folder.resolve("run");
        assertThatThrownBy(() -> new ResDenseNetEstimator(recipe().withData(folder.resolve("nothing"))).fit(spark, out))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder.resolve("nothing").toString());
        assertThatThrownBy(() -> new ResDenseNetEstimator(recipe().with("train.shards", "1"))
                        .setTasks(2)
                        .fit(spark, out))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 tasks need train.shards of at least 2, got 1");
        assertThatThrownBy(() -> new ResDenseNetEstimator(recipe()).resume(spark, out, 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(out.toString());
        assertThat(out).doesNotExist();
        assertThatThrownBy(() -> new ResDenseNetEstimator(recipe().with("train.lr", "1e30")).fit(spark, out))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("a gradient is not finite in epoch 1, batch .*");
    }

    @Test
    void commandsRejectWrongOptions() {
        assertThat(command("spark-score", "run")).startsWith("2 resdensenet: Missing required option: '--out=DIR'");
        assertThat(command("spark-score", "run", "--out", "x"))
                .startsWith("2 resdensenet: give either IMAGES or --paths");
        assertThat(command("spark-score", "run", "a", "--out", "x", "--format", "xml"))
                .startsWith("2 resdensenet: --format must be parquet, json or csv, got xml");
        assertThat(command("spark-train", "--tasks", "0"))
                .isEqualTo("2 resdensenet: the number of tasks must be at least 1, got 0\n");
        assertThat(command()).startsWith("2 Usage: resdensenet");
    }

    private static String command(String... arguments) {
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text);
        return io.github.resdensenet.cli.Main.run(new picocli.CommandLine(new SparkMain()), writer, writer, arguments)
                + " "
                + text;
    }
}
