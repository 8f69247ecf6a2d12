package io.github.resdensenet.serve;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The answer to a request.
 *
 * @param status HTTP status
 * @param type content type
 * @param body content
 * @param headers further headers
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record Answer(int status, String type, byte[] body, Map<String, String> headers) {
    static Answer json(Object value) {
        return json(200, value);
    }

    static Answer json(int status, Object value) {
        return new Answer(status, "application/json", JsonMapper.shared().writeValueAsBytes(value), Map.of());
    }

    static Answer text(String type, String text) {
        return new Answer(200, type, text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static Answer of(HttpFailure failure) {
        byte[] body = JsonMapper.shared().writeValueAsBytes(Map.of("error", failure.sentence()));
        return new Answer(failure.status(), "application/json", body, failure.headers());
    }
}
