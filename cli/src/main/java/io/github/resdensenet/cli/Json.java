package io.github.resdensenet.cli;

import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Writes JSON objects on one line. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private Json() {}

    static String line(Map<String, ?> fields) {
        return MAPPER.writeValueAsString(fields);
    }
}
