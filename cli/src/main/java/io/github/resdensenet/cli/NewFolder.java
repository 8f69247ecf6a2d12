package io.github.resdensenet.cli;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The folder of results if {@code --out} is not given. */
final class NewFolder {
    private NewFolder() {}

    /** Returns runs/NAME-TIME, with a number if it exists. */
    static Path of(String name) {
        String time = LocalDateTime.now(ZoneId.systemDefault())
                .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT));
        return free(Path.of("runs", name + "-" + time));
    }

    /** The path, with the first number from 2 if it exists. */
    static Path free(Path folder) {
        Path free = folder;
        for (int n = 2; Files.exists(free, LinkOption.NOFOLLOW_LINKS); n++) {
            free = folder.resolveSibling(folder.getFileName() + "-" + n);
        }
        return free;
    }
}
