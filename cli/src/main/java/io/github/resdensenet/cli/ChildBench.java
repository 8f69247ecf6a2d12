package io.github.resdensenet.cli;

import io.github.resdensenet.compare.Comparison.Bench;
import io.github.resdensenet.util.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Runs {@code bench} in a new JVM with the same JVM options and class path. */
final class ChildBench implements Bench {
    private static final TypeReference<LinkedHashMap<String, Object>> FIELDS = new TypeReference<>() {};

    @Override
    public Map<String, Object> measure(Path recipe) throws IOException {
        List<String> command = ChildJvm.command(
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                Main.class,
                List.of("bench", "--recipe", recipe.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output;
        try (InputStream in = process.getInputStream()) {
            output = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new IOException(recipe + ": the benchmark failed: " + lastLine(output));
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException(recipe + ": the benchmark was interrupted", e);
        }
        return JsonMapper.shared().readValue(lastLine(output), FIELDS);
    }

    private static String lastLine(String output) {
        return output.substring(output.lastIndexOf('\n') + 1);
    }
}
