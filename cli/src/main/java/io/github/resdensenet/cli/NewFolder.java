package io.github.resdensenet.cli;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** The folder of results if {@code --out} is not given. */
final class NewFolder {
    private NewFolder() {}

    /** Returns runs/NAME-TIME. */
    static Path of(String name) {
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        return Path.of("runs", name + "-" + time);
    }
}
