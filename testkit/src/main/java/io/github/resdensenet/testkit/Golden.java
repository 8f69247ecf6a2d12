package io.github.resdensenet.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Loads golden files: reference results from the scripts in fixtures/, on the class path under golden/. */
public final class Golden {
    private static final JsonMapper JSON = JsonMapper.shared();

    private Golden() {}

    /** Returns a golden file as JSON. */
    public static JsonNode json(String name) {
        return JSON.readTree(text(name));
    }

    /** Returns a golden file as text in UTF-8. */
    public static String text(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    /** Returns a golden file as bytes. */
    public static byte[] bytes(String name) {
        String path = "/io/github/resdensenet/golden/" + name;
        try (InputStream in = Golden.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("missing golden file: " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the numbers of a nested array, flattened in order. */
    public static double[] numbers(JsonNode array) {
        List<Double> numbers = new ArrayList<>();
        collect(array, numbers);
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Returns the integers of a nested array, flattened in order. */
    public static long[] integers(JsonNode array) {
        return Arrays.stream(numbers(array)).mapToLong(number -> (long) number).toArray();
    }

    private static void collect(JsonNode node, List<Double> into) {
        if (node.isArray()) {
            node.forEach(child -> collect(child, into));
        } else {
            into.add(node.asDouble());
        }
    }
}
