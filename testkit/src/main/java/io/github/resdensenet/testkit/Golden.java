package io.github.resdensenet.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Files that fixtures/ made, on the class path under golden/. */
public final class Golden {
    private static final JsonMapper JSON = JsonMapper.shared();

    private Golden() {}

    /** A JSON golden. */
    public static JsonNode json(String name) {
        return JSON.readTree(text(name));
    }

    /** A golden as text. */
    public static String text(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    /** A golden as bytes. */
    public static byte[] bytes(String name) {
        String path = "/io/github/resdensenet/golden/" + name;
        try (InputStream in = Golden.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("no golden " + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Numbers of a nested array, in order. */
    public static double[] numbers(JsonNode array) {
        List<Double> numbers = new ArrayList<>();
        collect(array, numbers);
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Whole numbers of a nested array, in order. */
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
