package io.github.resdensenet.data;

import io.github.resdensenet.data.ImageFolder.Sample;
import io.github.resdensenet.data.Split.Subset;
import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A run's split.csv: the subset of each image and the SHA-256 of its file. If the images are grouped, a fifth column
 * contains the group of each image.
 */
public final class SplitFile {
    private static final List<String> HEADER = List.of("path", "class", "split", "sha256");
    private static final List<String> GROUPED_HEADER = List.of("path", "class", "split", "sha256", "group");

    /** The text of a split file without images: the header line. */
    public static final String EMPTY = Csv.line(HEADER);

    private SplitFile() {}

    /**
     * The text of the split file for an image folder.
     *
     * @param digests SHA-256 of each image file
     * @param groups the group of each image; empty if the images are not grouped
     */
    public static String text(ImageFolder data, Split split, List<String> digests, List<String> groups) {
        StringBuilder text = new StringBuilder(Csv.line(groups.isEmpty() ? HEADER : GROUPED_HEADER));
        for (int i = 0; i < data.samples().size(); i++) {
            Sample sample = data.samples().get(i);
            List<String> row = new ArrayList<>(List.of(
                    sample.name(),
                    data.classes().get(sample.classIndex()),
                    split.subsets().get(i).label(),
                    digests.get(i)));
            if (!groups.isEmpty()) {
                row.add(groups.get(i));
            }
            text.append(Csv.line(row));
        }
        return text.toString();
    }

    /**
     * A row of the split file.
     *
     * @param name the image's path inside the image folder, with forward slashes
     * @param group the image's group; empty if the images are not grouped
     */
    public record Row(String name, String className, Subset subset, String sha256, Optional<String> group) {}

    /** SHA-256 of the images of a subset. */
    public static Set<String> digests(List<Row> rows, Subset subset) {
        return rows.stream()
                .filter(row -> row.subset() == subset)
                .map(Row::sha256)
                .collect(Collectors.toSet());
    }

    /**
     * Reads a split file.
     *
     * @throws IOException if the file is missing or has another format
     */
    public static List<Row> read(Path file) throws IOException {
        List<List<String>> records = Csv.read(file);
        List<String> header = records.isEmpty() ? List.of() : records.get(0);
        if (!header.equals(HEADER) && !header.equals(GROUPED_HEADER)) {
            throw new IOException(file + ": not a split file; the first line must be " + String.join(",", HEADER)
                    + " or " + String.join(",", GROUPED_HEADER));
        }
        Map<String, Subset> subsets = new HashMap<>();
        Arrays.stream(Subset.values()).forEach(subset -> subsets.put(subset.label(), subset));
        List<Row> rows = new ArrayList<>();
        for (List<String> record : records.subList(1, records.size())) {
            Subset subset = record.size() == header.size() ? subsets.get(record.get(2)) : null;
            if (subset == null) {
                throw new IOException(file + ": line " + (rows.size() + 2) + " must be " + String.join(",", header)
                        + " with a split of train, val or test");
            }
            Optional<String> group = record.size() > 4 ? Optional.of(record.get(4)) : Optional.empty();
            rows.add(new Row(record.get(0), record.get(1), subset, record.get(3), group));
        }
        return rows;
    }
}
