package io.github.resdensenet.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The figures of a test that a promise of the documentation rests on, as one line of JSON. */
public final class Trust {
    private Trust() {}

    /**
     * Prints the line, and keeps it in target/trust for the script that gathers them. Call it before the assertion.
     *
     * @param id which promise, for instance "I2"
     * @param n how many cases were tried
     * @param failed how many did not hold
     * @param worst what came nearest to failing, in words or figures
     */
    public static void row(String id, long n, long failed, Object worst) throws IOException {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("test", id);
        row.put("n", n);
        row.put("failed", failed);
        row.put("worst", worst);
        String line = JsonMapper.shared().writeValueAsString(row);
        System.out.println(line);
        Path folder = Files.createDirectories(Path.of("target", "trust"));
        Files.writeString(folder.resolve(id + ".json"), line + "\n");
    }
}
