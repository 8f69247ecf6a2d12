package io.github.resdensenet.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Times a recipe's model in a fresh process, so that its memory is its own. */
public interface Bench {
    /**
     * The fields that the command {@code bench} prints.
     *
     * @param recipe a recipe file
     * @throws IOException if the process cannot be started or fails, saying why
     */
    Map<String, Object> measure(Path recipe) throws IOException;
}
