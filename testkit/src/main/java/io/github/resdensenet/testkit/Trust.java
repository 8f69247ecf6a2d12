package io.github.resdensenet.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Records the results of the tests behind the claims in docs/trust.md, one line of JSON per test. */
public final class Trust {
    private Trust() {}

    /**
     * Prints a result and writes it to target/trust, where bench/trust.py collects it. Call this method before the
     * assertion, so that failures are recorded too.
     *
     * @param id the claim, for example "I2"
     * @param n number of cases
     * @param failed number of failed cases
     * @param worst the worst case, as text or number
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
