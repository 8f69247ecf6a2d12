package io.github.resdensenet.data;

import io.github.resdensenet.util.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Groups of images, for instance one per patient. A split keeps the images of a group in one subset. */
final class Groups {
    private static final List<String> HEADER = List.of("path", "group");

    private Groups() {}

    /**
     * The group of each image.
     *
     * @param by a regular expression that is searched in the image's path inside the folder (its first capturing group
     *     is the name, otherwise the whole match), or a .csv file of path,group; "" for no groups
     * @param names paths inside the folder, with forward slashes
     * @return one group name per image; empty if {@code by} is empty
     * @throws IllegalArgumentException if an image has no group
     * @throws IOException if the file cannot be read or has another format
     */
    static List<String> of(String by, List<String> names) throws IOException {
        if (by.isEmpty()) {
            return List.of();
        }
        return by.endsWith(".csv") ? byFile(Path.of(by), names) : byPattern(by, names);
    }

    private static List<String> byPattern(String by, List<String> names) {
        Pattern pattern;
        try {
            pattern = Pattern.compile(by);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "data.groupBy must be a regular expression or a .csv file, got " + by + ": " + e.getDescription(),
                    e);
        }
        List<String> groups = new ArrayList<>();
        List<String> ungrouped = new ArrayList<>();
        for (String name : names) {
            Matcher matcher = pattern.matcher(name);
            String group = matcher.find() ? matcher.group(Math.min(1, matcher.groupCount())) : null;
            if (group == null || group.isEmpty()) {
                ungrouped.add(name);
            } else {
                groups.add(group);
            }
        }
        check(by, ungrouped, names.size());
        return groups;
    }

    private static List<String> byFile(Path file, List<String> names) throws IOException {
        List<List<String>> records = Csv.read(file);
        if (records.isEmpty() || !records.get(0).equals(HEADER)) {
            throw new IOException(file + ": the first line must be " + String.join(",", HEADER));
        }
        Map<String, String> known = new HashMap<>();
        for (List<String> record : records.subList(1, records.size())) {
            if (record.size() != 2) {
                throw new IOException(file + ": line " + (known.size() + 2) + " must be path,group");
            }
            if (known.put(record.get(0), record.get(1)) != null) {
                throw new IOException(file + ": duplicate path " + record.get(0));
            }
        }
        check(
                file.toString(),
                names.stream()
                        .filter(name -> known.getOrDefault(name, "").isEmpty())
                        .toList(),
                names.size());
        return names.stream().map(name -> known.getOrDefault(name, "")).toList();
    }

    private static void check(String by, List<String> ungrouped, int images) {
        if (!ungrouped.isEmpty()) {
            throw new IllegalArgumentException("data.groupBy " + by + ": no group for " + ungrouped.size() + " of "
                    + images + " images, for instance " + ungrouped.get(0));
        }
    }
}
