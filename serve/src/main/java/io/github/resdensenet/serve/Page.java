package io.github.resdensenet.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** The files of the web page. */
enum Page {
    INDEX("/", "index.html", "text/html; charset=utf-8"),
    SCRIPT("/app.js", "app.js", "text/javascript; charset=utf-8"),
    STYLE("/style.css", "style.css", "text/css; charset=utf-8"),
    ICON("/icon.svg", "icon.svg", "image/svg+xml"),
    OPENAPI("/openapi.yaml", "openapi.yaml", "application/yaml");

    private final String path;
    private final String file;
    private final String type;

    Page(String path, String file, String type) {
        this.path = path;
        this.file = file;
        this.type = type;
    }

    String path() {
        return path;
    }

    /** The file; the page learns whether clients need a token. */
    Answer answer(boolean needsToken) {
        try (InputStream stream = Objects.requireNonNull(Page.class.getResourceAsStream("page/" + file))) {
            byte[] content = stream.readAllBytes();
            if (this == INDEX) {
                String text = new String(content, StandardCharsets.UTF_8);
                content = text.replace("data-token=\"false\"", "data-token=\"" + needsToken + "\"")
                        .getBytes(StandardCharsets.UTF_8);
            }
            return new Answer(200, type, content, Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
