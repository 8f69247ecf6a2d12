package io.github.resdensenet.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Which pictures belong together, such as all of one patient: they are never in different parts of a split. */
public final class Groups {
    private static final List<String> HEADER = List.of("path", "group");

    private Groups() {}

    /**
     * The group of each picture.
     *
     * @param by a regular expression that is found in the picture's path inside the folder (its first group in brackets
     *     is the name, else all that it finds), or a .csv file of path,group; "" for none
     * @param names paths inside the folder, with forward slashes
     * @return one name a picture; empty if {@code by} is
     * @throws IllegalArgumentException if a picture is in no group
     * @throws IOException if the file cannot be read or is no such file
     */
    public static List<String> of(String by, List<String> names) throws IOException {
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
        List<String> without = new ArrayList<>();
        for (String name : names) {
            Matcher matcher = pattern.matcher(name);
            if (matcher.find()) {
                String group = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
                groups.add(group == null ? "" : group);
            } else {
                without.add(name);
            }
        }
        check(by, without);
        return groups;
    }

    private static List<String> byFile(Path file, List<String> names) throws IOException {
        List<List<String>> records = Csv.parse(Files.readString(file));
        if (records.isEmpty() || !records.get(0).equals(HEADER)) {
            throw new IOException(file + ": the first line must be " + String.join(",", HEADER));
        }
        Map<String, String> known = new HashMap<>();
        for (List<String> record : records.subList(1, records.size())) {
            if (record.size() != 2) {
                throw new IOException(file + ": line " + (known.size() + 2) + " is not path,group");
            }
            if (known.put(record.get(0), record.get(1)) != null) {
                throw new IOException(file + ": " + record.get(0) + " is there twice");
            }
        }
        check(
                file.toString(),
                names.stream().filter(name -> !known.containsKey(name)).toList());
        return names.stream().map(name -> known.getOrDefault(name, "")).toList();
    }

    private static void check(String by, List<String> without) {
        if (!without.isEmpty()) {
            throw new IllegalArgumentException("data.groupBy " + by + " gives no group for " + without.size()
                    + " pictures, for instance " + without.get(0));
        }
    }
}
