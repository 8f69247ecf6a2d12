package io.github.resdensenet.spark;

import io.github.resdensenet.predict.PredictionJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A trained model that classifies the images of a DataFrame.
 *
 * <pre>{@code
 * Dataset<Row> images = spark.read().format("binaryFile").load("s3a://bucket/images");
 * ResDenseNetModel.load(spark, Path.of("runs/knees")).transform(images).write().parquet("s3a://bucket/scores");
 * }</pre>
 *
 * <p>Each executor loads the model once. Probabilities are equal to those of
 * {@link io.github.resdensenet.predict.Classifier}, bit for bit on the same type of processor.
 */
public final class ResDenseNetModel {
    /** Default of {@link #setMaxPixels}. */
    public static final long MAX_PIXELS = 50_000_000;

    /** Default of {@link #setMaxBytes}. */
    public static final int MAX_BYTES = 256 << 20;

    private static final String PATH = "path";
    private static final String CONTENT = "content";

    private final String digest;
    private final Broadcast<ModelFiles> files;
    private @Nullable Double abstainBelow;
    private long maxPixels = MAX_PIXELS;
    private int maxBytes = MAX_BYTES;

    private ResDenseNetModel(String digest, Broadcast<ModelFiles> files) {
        this.digest = digest;
        this.files = files;
    }

    /**
     * Loads the best checkpoint of a run.
     *
     * @param run the run folder, which only the driver reads
     * @throws IOException if the run does not exist or is corrupt
     */
    public static ResDenseNetModel load(SparkSession spark, Path run) throws IOException {
        SparkNatives.prepare();
        ModelFiles files = new ModelFiles(run);
        return new ResDenseNetModel(
                files.digest(),
                JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(files));
    }

    /**
     * Withholds uncertain predictions: their class is "abstain", and their index -1.
     *
     * @param threshold calibrated probability below which a prediction is withheld, 0 to 1
     */
    public ResDenseNetModel setAbstainBelow(double threshold) {
        PredictionJson.requireThreshold("abstainBelow", threshold);
        abstainBelow = threshold;
        return this;
    }

    /** Sets the largest product of height and width of an image. The row of a larger image has an error. */
    public ResDenseNetModel setMaxPixels(long pixels) {
        maxPixels = positive("maxPixels", pixels);
        return this;
    }

    /** Sets the largest image file in bytes, for rows without content. The row of a larger file has an error. */
    public ResDenseNetModel setMaxBytes(int bytes) {
        maxBytes = (int) positive("maxBytes", bytes);
        return this;
    }

    private static long positive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be positive, got " + value);
        }
        return value;
    }

    /**
     * Classifies images. The computation starts with an action of the result, for instance a write.
     *
     * @param images has a column {@code path}: any path or URI that Hadoop's file systems read. A column {@code content}
     *     with the bytes of the file, as Spark's {@code binaryFile} has, is used instead of reading the file
     * @return the columns of {@code images} except {@code content}, and a column {@code prediction}: a struct with class,
     *     index, probability, probabilities by class, abstained, and error. For an image that cannot be classified, error
     *     is the reason, and the other fields are null
     * @throws IllegalArgumentException if the column path is missing, or path or content has another type or stands twice
     */
    public Dataset<Row> transform(Dataset<Row> images) {
        StructType schema = images.schema();
        List<String> names = Arrays.asList(schema.fieldNames());
        if (!names.contains(PATH) || !schema.apply(PATH).dataType().equals(DataTypes.StringType)) {
            throw new IllegalArgumentException(
                    "the images need a column path of type string, got " + schema.simpleString());
        }
        int content = names.indexOf(CONTENT);
        if (content >= 0 && !schema.apply(CONTENT).dataType().equals(DataTypes.BinaryType)) {
            throw new IllegalArgumentException(
                    "the column content must have type binary, got " + schema.simpleString());
        }
        for (String name : List.of(PATH, CONTENT)) {
            if (Collections.frequency(names, name) > 1) {
                throw new IllegalArgumentException("the images have several columns " + name);
            }
        }
        if (names.contains(ImageScore.COLUMN)) {
            throw new IllegalArgumentException("the images have a column " + ImageScore.COLUMN + " already");
        }
        StructType result = new StructType();
        int[] kept = new int[names.size() - (content >= 0 ? 1 : 0)];
        int columns = 0;
        for (int column = 0; column < names.size(); column++) {
            if (column != content) {
                result = result.add(schema.fields()[column]);
                kept[columns++] = column;
            }
        }
        return images.mapPartitions(
                new ScorePartition(
                        digest, files, names.indexOf(PATH), content, kept, abstainBelow, maxPixels, maxBytes),
                Encoders.row(result.add(ImageScore.COLUMN, ImageScore.TYPE, false)));
    }
}
