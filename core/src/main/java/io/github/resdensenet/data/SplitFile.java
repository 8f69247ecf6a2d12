package io.github.resdensenet.data;

import io.github.resdensenet.data.Split.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A run's split.csv: which picture was in which part, with the SHA-256 of its file. */
public final class SplitFile {
    private static final List<String> HEADER = List.of("path", "class", "split", "sha256");

    /** A split of no pictures. */
    public static final String HEAD = Csv.line(HEADER);

    private SplitFile() {}

    /** The file's text for a split of a folder. */
    public static String text(ImageFolder data, Split split, List<String> digests) {
        StringBuilder text = new StringBuilder(Csv.line(HEADER));
        for (int i = 0; i < data.samples().size(); i++) {
            ImageSample sample = data.samples().get(i);
            text.append(Csv.line(List.of(
                    sample.name(),
                    data.classes().get(sample.classIndex()),
                    split.parts().get(i).label(),
                    digests.get(i))));
        }
        return text.toString();
    }

    /** A row of the file. */
    public record Row(String name, String className, Part part, String sha256) {}

    /**
     * Reads the file.
     *
     * @throws IOException if it is missing or not such a file
     */
    public static List<Row> read(Path file) throws IOException {
        List<List<String>> records = Csv.parse(Files.readString(file));
        if (records.isEmpty() || !records.get(0).equals(HEADER)) {
            throw new IOException(file + ": not a split file, the first line must be " + String.join(",", HEADER));
        }
        Map<String, Part> parts = new HashMap<>();
        Arrays.stream(Part.values()).forEach(part -> parts.put(part.label(), part));
        List<Row> rows = new ArrayList<>();
        for (List<String> record : records.subList(1, records.size())) {
            Part part = record.size() == HEADER.size() ? parts.get(record.get(2)) : null;
            if (part == null) {
                throw new IOException(file + ": line " + (rows.size() + 2) + " is not path,class,split,sha256");
            }
            rows.add(new Row(record.get(0), record.get(1), part, record.get(3)));
        }
        return rows;
    }
}
