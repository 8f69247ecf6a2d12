package io.github.resdensenet.data;

import io.github.resdensenet.image.ImageException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** Signals that images of a data set cannot be read. The message lists each image with the reason. */
final class UnreadableImages extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception. The message has one line per file, after a heading if there are several files. */
    UnreadableImages(List<ImageException> faults) {
        super(
                faults.size() == 1
                        ? faults.get(0).getMessage()
                        : faults.size() + " images cannot be read:"
                                + faults.stream()
                                        .map(f -> "\n  " + f.getMessage())
                                        .collect(Collectors.joining()));
    }
}
