package io.github.resdensenet.spark;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkThrowable;

/** Turns an exception of Spark, with its long message, into one with a message of one line. */
final class SparkFailure {
    private static final String LOST = "LostProcessException: ";

    private SparkFailure() {}

    /**
     * The exception to throw.
     *
     * @throws CancellationException if the job was cancelled
     * @throws RuntimeException if the exception is not one of Spark's and unchecked
     */
    static IOException of(Exception error) {
        if (error instanceof IOException e) {
            return e;
        }
        boolean sparks = error instanceof SparkThrowable;
        if (!sparks && error instanceof RuntimeException e) {
            throw e;
        }
        String message = String.valueOf(error.getMessage());
        if (message.contains("SPARK_JOB_CANCELLED") || message.contains("cancelled")) {
            CancellationException cancelled = new CancellationException("stopped");
            cancelled.initCause(error);
            throw cancelled;
        }
        String line = message.lines()
                .filter(each -> each.contains(LOST))
                .map(each -> each.substring(each.indexOf(LOST) + LOST.length()))
                .findFirst()
                .orElseGet(() -> message.lines().findFirst().orElse(""));
        String text = line.replaceFirst("^\\[[A-Z_.]+] ", "").replaceFirst(" SQLSTATE: \\w+.*$", "");
        return new IOException("Spark: " + text, error);
    }
}
