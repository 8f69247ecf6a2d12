package io.github.resdensenet.util;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Reads and writes comma-separated values (RFC 4180). Lines end with a line feed. */
public final class Csv {
    private static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator('\n').get();

    private Csv() {}

    /** Formats one record as a line, including the line feed. */
    public static String line(List<String> fields) {
        return FORMAT.format(fields.toArray()) + "\n";
    }

    /**
     * Reads all records of a file. Each record has at least one field. Quoted fields may contain line breaks.
     *
     * @throws IOException if the file cannot be read or is not valid CSV; the message names the file and line
     */
    public static List<List<String>> read(Path file) throws IOException {
        String text = Text.read(file, Integer.MAX_VALUE);
        text = text.startsWith("\uFEFF") ? text.substring(1) : text; // the byte-order mark that Excel writes
        List<List<String>> records = new ArrayList<>();
        try (CSVParser parser = FORMAT.parse(new StringReader(text))) {
            try {
                for (CSVRecord record : parser) {
                    records.add(record.toList());
                }
            } catch (UncheckedIOException e) {
                throw new IOException(file + ": line " + (parser.getCurrentLineNumber() + 1)
                        + ": invalid CSV, a quoted field is unclosed or followed by more text");
            }
        }
        return records;
    }
}
