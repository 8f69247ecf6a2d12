package io.github.resdensenet.compare;

import io.github.resdensenet.util.AtomicFiles;
import io.github.resdensenet.util.Text;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The file options.json of a folder: the options that its results were made with. */
final class OptionsFile {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<LinkedHashMap<String, String>> TEXTS = new TypeReference<>() {};

    private OptionsFile() {}

    /**
     * Creates a folder, or checks that it was created with the same options.
     *
     * @param now the options by name
     * @param kind what the folder is, for example "a comparison folder"
     * @param subfolders names of the subfolders to create
     * @return whether the folder is new
     * @throws IllegalArgumentException if the folder was created with different options; they are listed
     * @throws FileAlreadyExistsException if the folder exists but has no options
     */
    static boolean open(Path folder, Map<String, String> now, String kind, List<String> subfolders) throws IOException {
        Path file = folder.resolve("options.json");
        if (Files.isRegularFile(file)) {
            try {
                check(folder, JSON.readValue(Files.readString(file), TEXTS), now);
            } catch (JacksonException e) {
                throw new IOException(file + ": " + Text.problem("JSON", e) + "; choose another --out", e);
            }
            return false;
        }
        if (Files.exists(folder)) {
            throw new FileAlreadyExistsException(
                    folder.toString(), null, "already exists and is not " + kind + "; choose another --out");
        }
        Path parent = folder.toAbsolutePath().getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            Files.createDirectories(parent);
        }
        AtomicFiles.createFolder(folder, created -> {
            for (String name : subfolders) {
                Files.createDirectories(created.resolve(name));
            }
            AtomicFiles.write(
                    created.resolve(file.getFileName()),
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(now) + "\n");
        });
        return true;
    }

    private static void check(Path folder, Map<String, String> before, Map<String, String> now) {
        List<String> changed = new ArrayList<>();
        Map<String, String> all = new LinkedHashMap<>(before);
        all.putAll(now);
        for (String option : all.keySet()) {
            String was = before.getOrDefault(option, "not given");
            String is = now.getOrDefault(option, "not given");
            if (!was.equals(is)) {
                changed.add(option + " " + was + " -> " + is);
            }
        }
        if (!changed.isEmpty()) {
            throw new IllegalArgumentException(folder + ": created with different options: "
                    + String.join(", ", changed) + "; choose another --out");
        }
    }
}
