package io.github.resdensenet.util;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Errors in words for the user. */
public final class ErrorText {
    /** The start of the text of an error that no check of the input has found. */
    public static final String UNEXPECTED = "unexpected ";

    /** The messages of this project's own exceptions are written for the user. */
    private static final String OWN = "io.github.resdensenet.";

    private ErrorText() {}

    /** Describes an error. The text has several lines if the message of the error lists images. */
    public static String of(Throwable error) {
        if (error instanceof UncheckedIOException && error.getCause() instanceof IOException cause) {
            return of(cause);
        }
        if (error instanceof NoSuchFileException e && e.getReason() == null) {
            return e.getFile() + ": no such file or folder";
        }
        if (error instanceof AccessDeniedException e) {
            return e.getFile() + ": permission denied";
        }
        if (error instanceof FileAlreadyExistsException e && e.getReason() == null) {
            return e.getFile() + ": exists already and is not a folder";
        }
        if (error instanceof NotDirectoryException e) {
            return e.getFile() + ": not a folder";
        }
        if (error instanceof CharacterCodingException) {
            return "a file is not UTF-8 text";
        }
        if (error instanceof OutOfMemoryError) {
            return "out of memory: choose smaller batches or images, or increase the Java heap";
        }
        if (error instanceof LinkageError) {
            return "a system library is missing or cannot be loaded: " + error.getMessage();
        }
        if (error instanceof IOException
                || error instanceof IllegalArgumentException
                || (error instanceof UnsupportedOperationException && error.getMessage() != null)
                || error instanceof ArithmeticException
                || error.getClass().getName().startsWith(OWN)) {
            return String.valueOf(error.getMessage());
        }
        // libtorch appends its stack trace to the message
        String firstLine =
                String.valueOf(error.getMessage()).lines().findFirst().orElse("");
        if (firstLine.contains("can't allocate memory") || firstLine.contains("out_of_memory")) {
            return "out of memory: "
                    + firstLine.substring(firstLine.lastIndexOf(": ") + 1).strip()
                    + "; reduce data.batchSize or data.imageSize";
        }
        return UNEXPECTED + error.getClass().getSimpleName() + ": " + firstLine;
    }
}
