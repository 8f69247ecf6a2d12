package io.github.resdensenet.spark;

import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.image.ImageException;
import io.github.resdensenet.predict.Classifier;
import io.github.resdensenet.predict.Prediction;
import io.github.resdensenet.predict.PredictionJson;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * Classifies the images of a partition, one at a time.
 *
 * @param digest of the model
 * @param model the model
 * @param pathColumn index of the column with the path
 * @param contentColumn index of the column with the bytes of the image file; -1 to read the file
 * @param kept indices of the columns that the result keeps
 * @param abstainBelow probability below which the prediction is withheld; null for never
 * @param maxPixels largest product of height and width
 * @param maxBytes largest image file
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record ScorePartition(
        String digest,
        Broadcast<ModelFiles> model,
        int pathColumn,
        int contentColumn,
        int[] kept,
        @Nullable Double abstainBelow,
        long maxPixels,
        int maxBytes)
        implements MapPartitionsFunction<Row, Row> {
    /** Read once per executor. */
    private static final class Settings {
        private static final Configuration OF_HADOOP =
                SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws IOException {
        if (!rows.hasNext()) {
            return rows;
        }
        TaskContext task = TaskContext.get();
        ExecutorModel shared = ExecutorModel.of(digest, model);
        Classifier classifier = shared.take(task.cpus());
        task.addTaskCompletionListener((TaskCompletionListener) context -> shared.giveBack(classifier));
        PredictionJson form = new PredictionJson(Integer.MAX_VALUE, false, Optional.ofNullable(abstainBelow));
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Row next() {
                Row row = rows.next();
                List<@Nullable Object> values = new ArrayList<>();
                for (int column : kept) {
                    values.add(row.get(column));
                }
                values.add(score(row, classifier, form));
                return RowFactory.create(values.toArray());
            }
        };
    }

    private Row score(Row row, Classifier classifier, PredictionJson form) {
        String path = row.isNullAt(pathColumn) ? "" : row.getString(pathColumn);
        try {
            ByteBuffer content = contentColumn < 0 ? read(path) : content(row);
            Prediction prediction = classifier.classify(ImageDecoder.decode(
                    Path.of("image"), content, classifier.preprocessing().upright(), maxPixels));
            return ImageScore.of(prediction, form);
        } catch (ImageException e) {
            return ImageScore.ofError(path + ": " + e.reason());
        } catch (NoSuchFileException e) {
            return ImageScore.ofError(path + ": cannot be read: the file does not exist");
        } catch (IOException | IllegalArgumentException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return ImageScore.ofError(path + ": cannot be read: " + reason);
        }
    }

    private ByteBuffer content(Row row) throws IOException {
        if (row.isNullAt(contentColumn)) {
            throw new IOException("the content is null");
        }
        return ByteBuffer.wrap(row.<byte[]>getAs(contentColumn));
    }

    private ByteBuffer read(String path) throws IOException {
        if (path.isEmpty()) {
            throw new IOException("the path is null or empty");
        }
        org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(path);
        FileSystem system = file.getFileSystem(Settings.OF_HADOOP);
        if (system instanceof LocalFileSystem) { // Hadoop's own reader rejects names with a colon
            ByteBuffer content = ImageDecoder.content(
                    Path.of(system.makeQualified(file).toUri().getPath()));
            checkSize(content.limit());
            return content;
        }
        FileStatus status = system.getFileStatus(file);
        if (!status.isFile()) {
            throw new IOException("not a file");
        }
        checkSize(status.getLen());
        byte[] content = new byte[(int) status.getLen()];
        try (FSDataInputStream in = system.open(file)) {
            in.readFully(content);
        } catch (EOFException e) {
            throw new IOException("the file was shortened while it was read", e);
        }
        return ByteBuffer.wrap(content);
    }

    private void checkSize(long bytes) throws IOException {
        if (bytes > maxBytes) {
            throw new IOException("the file has " + bytes + " bytes, must be at most " + maxBytes);
        }
    }
}
