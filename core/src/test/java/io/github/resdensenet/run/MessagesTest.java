package io.github.resdensenet.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.resdensenet.image.ImageDecoder;
import io.github.resdensenet.testkit.Corpora;
import io.github.resdensenet.testkit.Messages;
import io.github.resdensenet.testkit.Trust;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Opens every file of the test resources and corpora as an image, as weights, as a recipe and as a manifest. Most are not
 * what they are opened as; the messages must be written for users.
 */
class MessagesTest {
    private interface Reader {
        void read(Path file) throws IOException;
    }

    private final List<String> faults = new ArrayList<>();
    private int messages;

    private void check(Path file, Reader reader) {
        try {
            reader.read(file);
        } catch (IOException | IllegalArgumentException e) {
            messages++;
            Messages.fault(e.getMessage(), file.toString()).ifPresent(faults::add);
        } catch (RuntimeException e) {
            faults.add(file + ": " + e);
        }
    }

    @Test
    void namesNoClassAndNoIndex() throws Exception {
        List<Path> files = Corpora.all();
        for (Path file : files) {
            check(file, path -> ImageDecoder.decode(path, true));
            check(file, path -> Weights.read(path, "", ""));
            check(file, Recipe::read);
            check(file, Manifest::read);
        }
        Trust.row("D5", 4 * files.size(), faults.size(), messages + " messages");
        assertThat(faults).isEmpty();
        assertThat(messages).isGreaterThan(1000);
    }
}
